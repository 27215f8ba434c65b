package ipc

import (
	"errors"
	"sync"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

// ErrClosed is returned by Send after Close or Disconnect, or when the other
// end is gone.
var ErrClosed = errors.New("ipc: channel is closed")

// A wire is a watched socket that any goroutine may close while the loop reads
// it: the descriptor is only used and only closed under mu, so its number can't
// be reused in between.
type wire struct {
	mu    sync.Mutex // held for calls that do not block; taken before the loop's lock
	fd    int        // -1 when closed
	watch *epoll.Watch
}

// open watches fd for input. On an error fd stays the caller's.
func (w *wire) open(loop *epoll.Loop, fd int, h epoll.Handler) error {
	w.mu.Lock() // h may be called before Add returns
	defer w.mu.Unlock()
	watch, err := loop.Add(fd, epoll.In, h)
	if err != nil {
		return err
	}
	w.fd, w.watch = fd, watch
	return nil
}

// read never blocks, whatever the flags of the open file: a child that holds a
// copy of our end could change them. The result is unix.EAGAIN when nothing is
// there, and 0 bytes at the end of a stream.
func (w *wire) read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fd < 0 {
		return 0, ErrClosed
	}
	for {
		n, _, err := unix.Recvfrom(w.fd, p, unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// write never blocks and may write a part. The caller holds mu.
func (w *wire) write(p []byte) (int, error) {
	for {
		n, err := unix.SendmsgN(w.fd, p, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// pending returns how many bytes can be read now (unix(7), SIOCINQ).
func (w *wire) pending() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fd < 0 {
		return 0
	}
	n, err := unix.IoctlGetUint32(w.fd, unix.SIOCINQ)
	if err != nil {
		return 0
	}
	return int(n)
}

// Descriptor returns the socket, which stays ours, or -1 after Close.
func (w *wire) Descriptor() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fd
}

func (w *wire) isClosed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fd < 0
}

// close reports whether this call was the one that closed the socket.
func (w *wire) close() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fd < 0 {
		return false
	}
	w.watch.Remove()
	_ = unix.Close(w.fd)
	w.fd = -1
	return true
}
