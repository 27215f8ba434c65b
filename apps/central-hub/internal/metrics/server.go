package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Server serves a hub's metrics on an address of their own.
type Server struct {
	http     http.Server
	listener net.Listener
	ended    chan struct{}
}

// Listen opens address, of the form host:port, and serves the metrics there until
// Close. The error names the variable that the address is from.
func (m *Metrics) Listen(address string) (*Server, error) {
	config := net.ListenConfig{Control: shared}
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, refused(address, err)
	}
	s := &Server{
		http: http.Server{
			Handler:        m.Handler(),
			MaxHeaderBytes: 16 << 10,
			ReadTimeout:    10 * time.Second,
			WriteTimeout:   20 * time.Second,
			IdleTimeout:    2 * time.Minute,
			ErrorLog:       m.out.ErrorLog(),
		},
		listener: listener,
		ended:    make(chan struct{}),
	}
	m.out.Go("metrics server", func() {
		defer close(s.ended)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			m.out.Exception(fmt.Errorf("serve metrics: %w", err), nil)
		}
	})
	return s, nil
}

// shared lets the process of a reload open the address while the one before still has it
// (SO_REUSEPORT, socket(7)): only one of this user's may.
func shared(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	return errors.Join(err, failed)
}

// refused has the code that operators look for, such as EADDRINUSE.
func refused(address string, err error) error {
	var code syscall.Errno
	if !errors.As(err, &code) {
		return fmt.Errorf("METRICS_ADDR %s: %w", address, err)
	}
	return fmt.Errorf("METRICS_ADDR: listen %s: %w %s (free the port or set METRICS_ADDR to another)", unix.ErrnoName(code), code, address)
}

// Addr returns where it listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close ends the server at once, a scrape that runs too: nobody waits for its figures.
func (s *Server) Close() {
	s.http.Close()
	<-s.ended
}
