package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/leadmaster/hub/pkg/store"
	"golang.org/x/sys/unix"
)

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

// Pauses after an accept that failed, most often for want of descriptors: the
// client waits in the queue meanwhile.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// accept serves clients until the listener is closed.
func (d *Daemon) accept(ctx context.Context, l *net.UnixListener) {
	clients := newClients()
	service := d.service()
	pause := firstPause
	for {
		conn, err := l.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			if pause == firstPause {
				d.log.Error("control socket: a client has to wait", "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, lastPause)
			continue
		}
		pause = firstPause
		peer, err := peerOf(conn)
		if err != nil || peer.Uid != 0 && int(peer.Uid) != os.Geteuid() {
			d.log.Warn("connection refused", "uid", peer.Uid, "pid", peer.Pid, "error", err)
			conn.Close()
			continue
		}
		c := clients.add(conn)
		if c == nil {
			d.log.Warn("connection refused: too many at once", "limit", maxClients, "pid", peer.Pid)
			refuseClient(conn)
			continue
		}
		go func() {
			defer clients.remove(c)
			d.serve(c, peer, service)
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
