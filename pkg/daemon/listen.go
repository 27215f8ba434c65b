package daemon

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/leadmaster/hub/pkg/store"
	"golang.org/x/sys/unix"
)

// maxConnections bounds how many clients are served at once; one more is turned
// away.
const maxConnections = 256

// listen binds the control socket, 0600, in place of one that a dead daemon
// left; the caller holds the home's lock. It goes through the folder's
// descriptor, since an address holds 108 bytes (unix(7)) and a home may be
// longer.
func listen(home *store.Home) (*net.UnixListener, error) {
	path := home.SocketPath()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	dir, err := unix.Open(home.Dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	defer unix.Close(dir)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	// Nobody can connect before listen(2), and then the mode is right.
	err = errors.Join(
		unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("/proc/self/fd/%d/hubd.sock", dir)}),
		os.Chmod(path, 0o600),
		unix.Listen(fd, unix.SOMAXCONN))
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	l, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return l.(*net.UnixListener), nil
}

// accept serves clients until the listener is closed.
func (d *Daemon) accept(l *net.UnixListener) {
	slots := make(chan struct{}, maxConnections)
	service := d.service()
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				d.log.Error("control socket", "error", err)
			}
			return
		}
		peer, err := peerOf(conn)
		if err != nil || peer.Uid != 0 && int(peer.Uid) != os.Geteuid() {
			d.log.Warn("connection refused", "uid", peer.Uid, "pid", peer.Pid, "error", err)
			conn.Close()
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			d.log.Warn("connection refused: too many at once", "limit", maxConnections)
			conn.Close()
			continue
		}
		go func() {
			defer func() { <-slots }()
			d.serve(conn, peer, service)
		}()
	}
}

// peerOf returns who is at the other end (SO_PEERCRED, unix(7)).
func peerOf(conn *net.UnixConn) (unix.Ucred, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return unix.Ucred{}, err
	}
	var peer *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		peer, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return unix.Ucred{}, err
	}
	if credErr != nil {
		return unix.Ucred{}, credErr
	}
	return *peer, nil
}
