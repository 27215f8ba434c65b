package supervise

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

const (
	// backlog is as many connections as may wait (listen(2)); the kernel's limit is
	// net.core.somaxconn, 4096 by default.
	backlog = 4096
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
	case *unix.SockaddrUnix:
		return at.Path != "" && (at.Path == name.Name || boundBelow(fd, name.Name, at.Path))
	case *unix.SockaddrInet4:
		return at.Path == "" && name.Port == int(at.Port) && (at.IP.Is4() && at.IP.As4() == name.Addr || !at.IP.IsValid() && name.Addr == [4]byte{})
	case *unix.SockaddrInet6:
		only, err := unix.GetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
		if err != nil || at.Path != "" || name.Port != int(at.Port) {
			return false
		}
		if only == 0 { // as only that of every address is, listenTCP
			return !at.IP.IsValid() && name.Addr == [16]byte{}
		}
		return at.IP.Is6() && at.IP.As16() == name.Addr
	}
	return false
}
