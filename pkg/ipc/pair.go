package ipc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Pair makes the two ends of a Node channel (socketpair(2), AF_UNIX,
// SOCK_STREAM). Both are close-on-exec and the caller's to close.
//
// Ours is non-blocking. Theirs is blocking: that is what a program which writes
// to it with plain write(2) expects, and Node makes its end non-blocking itself.
// The two are separate open files, so neither flag reaches the other.
func Pair() (ours, theirs int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, fmt.Errorf("ipc: channel pair: %w", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		_ = unix.Close(fds[0])
		_ = unix.Close(fds[1])
		return -1, -1, fmt.Errorf("ipc: channel pair: %w", err)
	}
	return fds[0], fds[1], nil
}
