// Package closeexec keeps what a shell had open from the programs that a
// long-lived process starts: inherited descriptors pin locks, pipes and mounts.
package closeexec

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// From marks all of this process's descriptors from first on close-on-exec.
func From(first int) error {
	// CLOSE_RANGE_CLOEXEC is there since Linux 5.11 (close_range(2)).
	err := unix.CloseRange(uint(first), ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		err = oneByOne(first)
	}
	if err != nil {
		return fmt.Errorf("close-on-exec: %w", err)
	}
	return nil
}

func oneByOne(first int) error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd < first {
			continue
		}
		// The folder's own descriptor is closed by now.
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil && !errors.Is(err, unix.EBADF) {
			return err
		}
	}
	return nil
}
