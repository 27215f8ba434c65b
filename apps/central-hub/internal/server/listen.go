package server

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// listen opens port on all interfaces and returns the port it got, which
// differs when port is 0. The error of a refused port has the code that
// operators look for, such as EADDRINUSE.
func listen(port int) (net.Listener, int, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err == nil {
		return listener, listener.Addr().(*net.TCPAddr).Port, nil
	}
	var code syscall.Errno
	if !errors.As(err, &code) {
		return nil, 0, fmt.Errorf("listen on port %d: %w", port, err)
	}
	return nil, 0, fmt.Errorf("listen %s: %w :::%d (free the port or set PORT to another)", unix.ErrnoName(code), code, port)
}
