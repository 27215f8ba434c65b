package supervise

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// NewUUID returns a random UUID (RFC 9562, version 4): the identity of an
// instance for life. It asks the kernel itself, since crypto/rand links a good
// part of Go's crypto packages and their checks at start.
func NewUUID() string {
	var b [16]byte
	if n, err := unix.Getrandom(b[:], 0); err != nil || n != len(b) {
		panic(fmt.Sprintf("getrandom: %d bytes, %v", n, err)) // getrandom(2): can't happen up to 256 bytes
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
