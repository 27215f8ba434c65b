package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

const (
	// backlog is as many connections as may wait (listen(2)); the kernel's limit is
	// net.core.somaxconn, 4096 by default.
	backlog = 4096
	// longestPath is what fits into a socket address with its NUL (unix(7)).
	longestPath = 107
	// lowestPort is the first that anybody may listen on (ip(7)).
	lowestPort = 1024
)

// execPatience is how long children may take to come to their exec; one may hang on a
// dead file system.
const execPatience = 100 * time.Millisecond

// awaitExecs returns when the children that were forked before have come to their
// exec: until then they have what this process has closed since.
func awaitExecs() {
	done := make(chan struct{})
	go func() {
		syscall.ForkLock.RLock() // its writers are those who fork, until the exec
		defer syscall.ForkLock.RUnlock()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(execPatience):
	}
}

// listen opens a listening socket: blocking, as systemd's are, since programs that
// take one without looking expect it; those with an event loop change it themselves.
func listen(at spec.Address) (fd int, err error) {
	switch {
	case at.Path != "":
		fd, err = listenUnix(at.Path)
	case !at.IP.IsValid():
		fd, err = listenEverywhere(int(at.Port))
	case at.IP.Is4():
		fd, err = listenTCP(unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port), Addr: at.IP.As4()}, false)
	default:
		fd, err = listenTCP(unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port), Addr: at.IP.As16()}, false)
	}
	if errors.Is(err, unix.EACCES) && at.Path == "" && at.Port < lowestPort {
		err = fmt.Errorf("%w (a port below %d needs root or CAP_NET_BIND_SERVICE)", err, lowestPort)
	}
	return fd, err
}

// listenEverywhere listens on every address, IPv4 and IPv6, or on those of IPv4
// where the kernel has no other.
func listenEverywhere(port int) (int, error) {
	fd, err := listenTCP(unix.AF_INET6, &unix.SockaddrInet6{Port: port}, true)
	if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) {
		return listenTCP(unix.AF_INET, &unix.SockaddrInet4{Port: port}, false)
	}
	return fd, err
}

// listenTCP binds a socket. both lets one of IPv6 take connections of IPv4 too,
// whatever net.ipv6.bindv6only says.
func listenTCP(family int, at unix.Sockaddr, both bool) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// Connections of an earlier socket that are in TIME_WAIT are no hindrance.
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil && family == unix.AF_INET6 {
		only := 1
		if both {
			only = 0
		}
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only)
	}
	if err == nil {
		err = unix.Bind(fd, at)
	}
	if err == nil {
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// Modes of what a Unix socket makes: everybody may connect, as with systemd
// (SocketMode=, DirectoryMode=); the folder is where that can be narrowed.
const (
	socketMode = 0o666
	folderMode = 0o755
)

// listenUnix makes a Unix socket in the place of one that nobody listens on.
func listenUnix(path string) (int, error) {
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return -1, err
	}
	at, release, err := socketAddress(path)
	if err != nil {
		return -1, err
	}
	defer release()
	if err := removeDead(path, at); err != nil {
		return -1, err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err = unix.Bind(fd, at); err != nil {
		unix.Close(fd)
		return -1, err
	}
	// Nobody can connect before listen(2), and then the mode is right.
	if err = openToAll(path); err == nil {
		err = unix.Listen(fd, backlog)
	}
	if err != nil {
		unix.Close(fd)
		return -1, errors.Join(err, os.Remove(path))
	}
	return fd, nil
}

// openToAll sets the mode of a socket, and of nothing else: who may write in its folder
// could have put a link in its place.
func openToAll(path string) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s was replaced by somebody else", path)
	}
	return os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), socketMode)
}

// socketAddress returns the address of a path: one that is too long goes through
// its folder's descriptor, which is open until release is called.
func socketAddress(path string) (at *unix.SockaddrUnix, release func(), err error) {
	if len(path) <= longestPath {
		return &unix.SockaddrUnix{Name: path}, func() {}, nil
	}
	dir, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	name := fmt.Sprintf("/proc/self/fd/%d/%s", dir, filepath.Base(path))
	return &unix.SockaddrUnix{Name: name}, func() { unix.Close(dir) }, nil
}

// removeDead removes a socket that nobody listens on. Whatever else is there is an
// error.
func removeDead(path string, at *unix.SockaddrUnix) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != os.ModeSocket:
		return errors.New("something that is no socket is there")
	}
	probe, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(probe)
	if err := unix.Connect(probe, at); !errors.Is(err, unix.ECONNREFUSED) {
		return unix.EADDRINUSE
	}
	return os.Remove(path)
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
	return os.Remove(path)
}

// listensAt reports whether a descriptor is a socket that listens at an address.
func listensAt(fd int, at spec.Address) bool {
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil || listens == 0 {
		return false
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return false
	}
	switch name := name.(type) {
	case *unix.SockaddrUnix: // of a long path only the last part is its own
		return at.Path == name.Name || len(at.Path) > longestPath && filepath.Base(at.Path) == filepath.Base(name.Name)
	case *unix.SockaddrInet4:
		return at.Path == "" && name.Port == int(at.Port) && (at.IP.Is4() && at.IP.As4() == name.Addr || !at.IP.IsValid() && name.Addr == [4]byte{})
	case *unix.SockaddrInet6:
		return at.Path == "" && name.Port == int(at.Port) && (at.IP.Is6() && at.IP.As16() == name.Addr || !at.IP.IsValid() && name.Addr == [16]byte{})
	}
	return false
}
