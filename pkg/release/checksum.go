package release

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

// ErrNoChecksum means that nothing says what the checksum of an archive should be.
var ErrNoChecksum = errors.New("no checksum")

// sumSize is the length of a SHA-256 in hexadecimal digits.
const sumSize = 64

// maxSums bounds what is read of a file of checksums, in bytes.
const maxSums = 1 << 20

// ParseSum returns a SHA-256 in small hexadecimal digits.
func ParseSum(text string) (string, error) {
	sum := strings.ToLower(text)
	if _, err := hex.DecodeString(sum); err != nil || len(sum) != sumSize {
		return "", fmt.Errorf("%q is no SHA-256: want %d hexadecimal digits", text, sumSize)
	}
	return sum, nil
}

// Checksum returns what the SHA-256 of an archive should be, from the files beside
// it: ARCHIVE.sha256, else SHA256SUMS, both as sha256sum(1) writes them.
func Checksum(archive string) (string, error) {
	beside := []string{archive + ".sha256", filepath.Join(filepath.Dir(archive), "SHA256SUMS")}
	for _, path := range beside {
		text, err := readSums(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if sum := find(text, filepath.Base(archive)); sum != "" {
			if sum, err = ParseSum(sum); err != nil {
				return "", fmt.Errorf("%s: %w", path, err)
			}
			return sum, nil
		}
	}
	return "", fmt.Errorf("%w of %s in %s", ErrNoChecksum, filepath.Base(archive), strings.Join(beside, " or "))
}

func readSums(path string) (string, error) {
	f, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSums))
	if err != nil {
		return "", fmt.Errorf("read the checksum: %w", err)
	}
	return string(text), nil
}

// find returns the checksum of the named file: lines are a checksum, a blank, a
// blank or an asterisk, and a name; a line without a name is about the only file.
func find(text, name string) string {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1:
			return fields[0]
		case len(fields) == 2 && strings.TrimPrefix(fields[1], "*") == name:
			return fields[0]
		}
	}
	return ""
}
