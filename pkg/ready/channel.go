package ready

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	channelVar = "NODE_CHANNEL_FD"
	formatVar  = "NODE_CHANNEL_SERIALIZATION_MODE"
)

// readyFrame is the message "ready" in Node's JSON framing: one value, one
// newline.
const readyFrame = "\"ready\"\n"

// sayOnChannel takes the channel out of the environment and sends readyFrame
// on it. It returns nil when there is no channel.
func sayOnChannel() error {
	number, format := os.Getenv(channelVar), os.Getenv(formatVar)
	if err := errors.Join(os.Unsetenv(channelVar), os.Unsetenv(formatVar)); err != nil {
		return err
	}
	if number == "" {
		return nil
	}
	fd, err := channelDescriptor(number)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", channelVar, number, err)
	}
	unix.CloseOnExec(fd)
	if format != "" && format != "json" {
		return fmt.Errorf("%s=%s: only json is spoken here", formatVar, format)
	}
	if err := send(fd, []byte(readyFrame), patience); err != nil {
		return fmt.Errorf("%s=%s: %w", channelVar, number, err)
	}
	return nil
}

// channelDescriptor parses number and makes sure that it is a channel that the
// parent passed. A leaked variable may name a file, a listener or a connection
// that this very program opened, and a stray line there would do harm.
func channelDescriptor(number string) (int, error) {
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return 0, errors.New("want the number of a descriptor")
	}
	fd := int(n)
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil {
		return 0, errors.New("no such descriptor is open")
	}
	// exec(2) closes what is marked, so the mark says that this program opened it.
	if flags&unix.FD_CLOEXEC != 0 {
		return 0, errors.New("the descriptor was not passed by the parent")
	}
	if !isUnixStream(fd) {
		return 0, errors.New("the descriptor is not a connected Unix stream socket")
	}
	return fd, nil
}

func isUnixStream(fd int) bool {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil || domain != unix.AF_UNIX {
		return false
	}
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_STREAM {
		return false
	}
	_, err = unix.Getpeername(fd)
	return err == nil
}

// send writes all of p, waiting for room up to limit. It asks for non-blocking
// with each call, since O_NONBLOCK belongs to the open socket and the program,
// or whoever shares the socket, may rely on how it is set.
func send(fd int, p []byte, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for len(p) > 0 {
		n, err := unix.SendmsgN(fd, p, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch err {
		case nil:
			p = p[n:]
		case unix.EINTR:
		case unix.EAGAIN:
			if err := awaitRoom(fd, deadline); err != nil {
				return err
			}
		default:
			return os.NewSyscallError("sendmsg", err)
		}
	}
	return nil
}

// awaitRoom returns when fd may take more bytes, or os.ErrDeadlineExceeded.
func awaitRoom(fd int, deadline time.Time) error {
	left := time.Until(deadline)
	if left <= 0 {
		return fmt.Errorf("the other side does not read: %w", os.ErrDeadlineExceeded)
	}
	// Rounded up: a poll of 0 ms would spin.
	ms := int((left + time.Millisecond - 1) / time.Millisecond)
	_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, ms)
	if err != nil && err != unix.EINTR {
		return os.NewSyscallError("poll", err)
	}
	return nil
}
