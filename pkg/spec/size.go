package spec

import (
	"fmt"
	"strconv"
)

const wantSize = "a size such as 300M, 1.5G or 1048576 (bytes)"

// ParseSize reads a number of bytes as people write it: 300M, 1g, 1.5G, 500MB,
// 64KiB, 1024. Units are powers of 1024 in either case, as in PM2; a bare
// number is bytes. The error says what would be right.
func ParseSize(text string) (Size, error) {
	n, err := parseQuantity(text, sizeUnit)
	switch err {
	case nil:
		return Size(n), nil
	case errNotQuantity:
		return 0, fmt.Errorf("found %s; want %s", quoted(text), wantSize)
	default:
		return 0, fmt.Errorf("found %s, which %w; want %s", quoted(text), err, wantSize)
	}
}

func sizeUnit(name string) (uint64, bool) {
	switch name {
	case "", "b":
		return 1, true
	case "k", "kb", "kib":
		return 1 << 10, true
	case "m", "mb", "mib":
		return 1 << 20, true
	case "g", "gb", "gib":
		return 1 << 30, true
	case "t", "tb", "tib":
		return 1 << 40, true
	}
	return 0, false
}

// String returns the size in the largest unit that loses nothing: 300M, 1536M,
// 1G, 1000. ParseSize reads it back.
func (s Size) String() string {
	const units = "KMGT"
	n, at := int64(s), -1
	for n != 0 && n%1024 == 0 && at < len(units)-1 {
		n /= 1024
		at++
	}
	if at < 0 {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10) + units[at:at+1]
}
