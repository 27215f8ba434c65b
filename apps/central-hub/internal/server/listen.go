package server

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// listen returns where to serve: the sockets that the process manager has passed,
// unless PORT names a port that none of them has. Then that is opened.
func (s *Server) listen() ([]net.Listener, error) {
	if len(s.passed) > 0 && (!s.portGiven || slices.ContainsFunc(s.passed, s.hasPort)) {
		return s.passed, nil
	}
	listener, err := open(s.port)
	if err != nil {
		return nil, err
	}
	for _, l := range s.passed {
		s.out.Elsewhere(s.port, l.Addr().String())
		l.Close()
	}
	return []net.Listener{listener}, nil
}

func (s *Server) hasPort(l net.Listener) bool {
	address, ok := l.Addr().(*net.TCPAddr)
	return ok && address.Port == s.port
}

// say tells where connections are accepted.
func (s *Server) say(l net.Listener) {
	if address, ok := l.Addr().(*net.TCPAddr); ok {
		s.out.Listening(address.Port)
	} else {
		s.out.ListeningAt(l.Addr().String())
	}
}

// open opens port on all interfaces. The error of a refused port has the code that
// operators look for, such as EADDRINUSE.
func open(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err == nil {
		return listener, nil
	}
	var code syscall.Errno
	if !errors.As(err, &code) {
		return nil, fmt.Errorf("listen on port %d: %w", port, err)
	}
	return nil, fmt.Errorf("listen %s: %w :::%d (free the port or set PORT to another)", unix.ErrnoName(code), code, port)
}
