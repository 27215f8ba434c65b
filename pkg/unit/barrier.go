package unit

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Barrier waits until systemd has dealt with all that was told before, as
// sd_notify_barrier(3) does: it closes the descriptor that goes along.
func (u Unit) Barrier(limit time.Duration) error {
	if u.Socket == "" {
		return nil
	}
	fd, err := u.connect()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer unix.Close(pipe[0])
	_, err = unix.SendmsgN(fd, []byte("BARRIER=1"), unix.UnixRights(pipe[1]), nil, unix.MSG_NOSIGNAL)
	unix.Close(pipe[1])
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(limit); ; {
		left := max(0, time.Until(deadline))
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pipe[0])}}, int(left.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0:
			return os.ErrDeadlineExceeded
		default:
			return nil
		}
	}
}
