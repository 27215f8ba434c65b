package ipc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

const (
	// maxPath is the longest path of a socket: sun_path holds 108 bytes with
	// the NUL (unix(7)).
	maxPath = 107
	// maxDatagram is systemd's limit too; longer ones are ignored there as here.
	maxDatagram = 4096
	// datagramsPerWake bounds the work for one wake-up. The kernel queues about
	// eleven (net.unix.max_dgram_qlen).
	datagramsPerWake = 16
)

// ErrPathTooLong means that no program could address the socket. The caller
// takes a shorter folder, such as $XDG_RUNTIME_DIR. There is no way round it
// through /proc/self/fd, because the app has to use the path itself.
var ErrPathTooLong = errors.New("path of a notify socket is too long")

// Notify is the sd_notify socket of one launch. The socket is the identity
// of the sender: a claimed pid proves nothing when root sends, and a short-lived
// sender such as systemd-notify is gone before anyone could look it up.
type Notify struct {
	wire
	path    string
	bound   fs.FileInfo
	onState func(State)
}

// ListenNotify binds a datagram socket of mode 0600 at path, in place of a stale
// socket of an earlier daemon, and calls onState on the loop's goroutine for
// each datagram that says something; onState must not block. The path goes into
// the child's NOTIFY_SOCKET. It may be bound again at any time: clients open it
// anew for each message.
func ListenNotify(loop *epoll.Loop, path string, onState func(State)) (*Notify, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("notify socket %q: the path must be absolute", path)
	}
	if len(path) > maxPath {
		return nil, fmt.Errorf("notify socket %s: %w: %d bytes, at most %d (unix(7))",
			path, ErrPathTooLong, len(path), maxPath)
	}
	fd, err := bindNotify(path)
	if err != nil {
		return nil, fmt.Errorf("notify socket %s: %w", path, err)
	}
	n, err := ResumeNotify(loop, fd, path, onState)
	if err != nil {
		_ = unix.Close(fd)
		_ = os.Remove(path)
		return nil, err
	}
	return n, nil
}

// ResumeNotify goes on with a socket that ListenNotify has bound at path, perhaps
// in another process: what was sent meanwhile is in it. On an error fd stays the
// caller's.
func ResumeNotify(loop *epoll.Loop, fd int, path string, onState func(State)) (*Notify, error) {
	n := &Notify{path: path, onState: onState}
	var err error
	if n.bound, err = os.Lstat(path); err == nil {
		err = n.open(loop, fd, n.receive)
	}
	if err != nil {
		return nil, fmt.Errorf("notify socket %s: %w", path, err)
	}
	return n, nil
}

func bindNotify(path string) (fd int, err error) {
	if err := removeStale(path); err != nil {
		return -1, err
	}
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	// Linux gives the file that bind makes the mode of the socket, so nobody
	// finds it open wider for a moment.
	if err = unix.Fchmod(fd, 0o600); err == nil {
		err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("something that is not a socket is in the way")
	}
	return os.Remove(path)
}

// Drain reads what has arrived and was not yet read. Call it on the loop's
// goroutine only.
func (n *Notify) Drain() { n.receive(0) }

func (n *Notify) receive(uint32) {
	var buf [maxDatagram + 1]byte // the last byte shows that a datagram was cut off
	for range datagramsPerWake {
		size, err := n.read(buf[:])
		if err != nil {
			return // EAGAIN or closed: a bound datagram socket has no other end to lose
		}
		if size > maxDatagram {
			continue
		}
		if state := ParseState(buf[:size]); state != (State{}) {
			n.onState(state)
		}
	}
}

// Close closes the socket and removes its path, unless the path has been bound
// anew. It may be called twice. Called on the loop's goroutine onState is not
// called after it; from elsewhere one call may be under way.
func (n *Notify) Close() {
	if !n.close() {
		return
	}
	if now, err := os.Lstat(n.path); err == nil && os.SameFile(n.bound, now) {
		_ = os.Remove(n.path) // at worst a stale socket stays, which the next bind removes
	}
}
