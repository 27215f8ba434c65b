package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// longestPath is what fits into a socket address with its NUL (unix(7)).
const longestPath = 107

// Modes of what a Unix socket makes: everybody may connect, as with systemd
// (SocketMode=, DirectoryMode=); the folder is where that can be narrowed.
const (
	socketMode = 0o666
	folderMode = 0o755
)

// place is where the file of a Unix socket is or will be. All that is done there goes
// through the folder's descriptor: root may have a socket where others can write.
type place struct {
	*folder
	path, name string
}

// openPlace opens the place of a path, and with create makes its folder.
func openPlace(path string, create bool) (place, error) {
	f, err := openFolder(filepath.Dir(path), create)
	return place{f, path, filepath.Base(path)}, err
}

func (p place) close() { unix.Close(p.fd) }

// below is the name of all places in /proc (proc_pid_fd(5)).
const below = "/proc/self/fd/"

// address is the path, so that ss(8) shows it, where it fits into an address and can
// only lead here; bind(2) follows no link in its last part. Else it goes by the
// descriptor.
func (p place) address() *unix.SockaddrUnix {
	if len(p.path) <= longestPath && !p.moved {
		return &unix.SockaddrUnix{Name: p.path}
	}
	return &unix.SockaddrUnix{Name: fmt.Sprintf("%s%d/%s", below, p.fd, p.name)}
}

func (p place) stat() (st unix.Stat_t, err error) {
	err = unix.Fstatat(p.fd, p.name, &st, unix.AT_SYMLINK_NOFOLLOW)
	return st, err
}

func (p place) unlink() error {
	if err := unix.Unlinkat(p.fd, p.name, 0); err != nil {
		return &os.PathError{Op: "remove", Path: p.path, Err: err}
	}
	return nil
}

// listenUnix makes a Unix socket in the place of one that nobody listens on.
func listenUnix(path string) (int, error) {
	p, err := openPlace(path, true)
	if err != nil {
		return -1, err
	}
	defer p.close()
	if err := p.removeDead(); err != nil {
		return -1, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err = unix.Bind(fd, p.address()); err != nil {
		unix.Close(fd)
		return -1, err
	}
	// Nobody can connect before listen(2), and then the mode is right.
	if err = p.openToAll(); err == nil {
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		unix.Close(fd)
		return -1, errors.Join(err, p.unlink())
	}
	return fd, nil
}

// openToAll sets the mode of a socket, and of nothing else: who may write in its folder
// could have put a link in its place.
func (p place) openToAll() error {
	fd, err := unix.Openat(p.fd, p.name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: p.path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &os.PathError{Op: "stat", Path: p.path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s was replaced by somebody else", p.path)
	}
	return os.Chmod(fmt.Sprintf("%s%d", below, fd), socketMode)
}

// removeDead removes a socket that nobody listens on. Whatever else is there is an
// error.
func (p place) removeDead() error {
	st, err := p.stat()
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil
	case err != nil:
		return err
	case st.Mode&unix.S_IFMT != unix.S_IFSOCK:
		return errors.New("something that is no socket is there")
	}
	probe, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(probe)
	if err := unix.Connect(probe, p.address()); !errors.Is(err, unix.ECONNREFUSED) {
		return unix.EADDRINUSE
	}
	switch bound, err := aboutToListen(p.path); {
	case err != nil:
		return err
	case bound:
		return unix.EADDRINUSE
	}
	return p.unlink()
}

// aboutToListen reports whether a process has bound a socket to a path and not
// listened yet: then connect(2) is refused as it is by a dead one.
func aboutToListen(path string) (bool, error) {
	table, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(table)) {
		if boundOnly(strings.TrimSuffix(line, "\n"), path) {
			return true, nil
		}
	}
	return false, nil
}

// boundOnly reads a line of proc_net_unix(5). Flags are 10000 for one that listens;
// what that has accepted bears its path too, but is connected.
func boundOnly(line, path string) bool {
	const flags, kind, state = 3, 4, 5
	before, ok := strings.CutSuffix(line, " "+path)
	f := strings.Fields(before)
	return ok && len(f) == 7 && f[flags] == "00000000" && f[kind] == "0001" && f[state] == "01"
}

// fileID tells one file from another that has its name later.
type fileID struct{ dev, ino uint64 }

// fileAt is the zero value where there is no file.
func fileAt(path string) (id fileID) {
	var st unix.Stat_t
	if path != "" && unix.Lstat(path, &st) == nil {
		id = fileID{st.Dev, st.Ino}
	}
	return id
}

// remove removes the file if it has its name still.
func (id fileID) remove(path string) error {
	if id == (fileID{}) || fileAt(path) != id {
		return nil
	}
	p, err := openPlace(path, false)
	if err != nil {
		return err
	}
	defer p.close()
	if st, err := p.stat(); err != nil || id != (fileID{st.Dev, st.Ino}) {
		return nil
	}
	return p.unlink()
}

// fileOfSocket is SIOCUNIXFILE of linux/un.h: it opens (O_PATH) the file that a Unix
// socket is bound to, for who has CAP_NET_ADMIN.
const fileOfSocket = 0x89e0

// boundBelow reports whether a Unix socket that was bound through a folder's descriptor,
// whose number says nothing any more, is the one of a path. Without the right to ask for
// its file the last part has to be enough.
func boundBelow(socket int, name, path string) bool {
	if !strings.HasPrefix(name, below) || filepath.Base(name) != filepath.Base(path) {
		return false
	}
	fd, err := unix.IoctlRetInt(socket, fileOfSocket)
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && fileAt(path) == fileID{st.Dev, st.Ino}
}
