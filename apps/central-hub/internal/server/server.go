// Package server runs the hub: it opens the port, serves, and ends in order
// when a signal says so.
package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/config"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
	"github.com/leadmaster/hub/pkg/ready"
)

// firstRequestGrace is how long after a signal a connection that is already
// open may take to bring its first request.
const firstRequestGrace = 250 * time.Millisecond

// ErrForced says that requests were still running at the shutdown limit.
var ErrForced = errors.New("requests were still running at the shutdown limit")

// errPanicked is what comes of serving if that never returned; its line is out.
var errPanicked = errors.New("the server panicked")

// Server is the hub as one HTTP server.
type Server struct {
	http  http.Server
	conns connections
	out   *console.Console
	limit time.Duration
	port  int
	// portGiven: PORT says so, and counts more than what was passed.
	portGiven bool
	passed    []net.Listener
	// ready is closed when the process manager may be told so, once the port is open.
	ready <-chan struct{}
	// notify tells it.
	notify func() error
}

// New returns a server of handler that prints to out. passed are the sockets that the
// process manager has opened, which become the server's. It says that it is ready when
// it listens and the channel ready is closed.
func New(cfg config.Config, out *console.Console, handler http.Handler, passed []ready.Listener, ready <-chan struct{}) *Server {
	s := newServer(cfg, out, handler)
	s.ready = ready
	for _, l := range passed {
		s.passed = append(s.passed, l.Listener)
	}
	return s
}

func newServer(cfg config.Config, out *console.Console, handler http.Handler) *Server {
	s := &Server{out: out, port: cfg.Port, portGiven: cfg.PortGiven, limit: cfg.ShutdownLimit, notify: ready.Notify}
	s.http = http.Server{
		Handler: handler,
		// "OPTIONS *" is answered as every other OPTIONS request.
		DisableGeneralOptionsHandler: true,
		// The handler refuses less, in JSON.
		MaxHeaderBytes:    4 * web.MaxHeaders,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		// Longer than nginx keeps its idle connections to us (60 s), so that it
		// is nginx who closes and never sends into a closing one.
		IdleTimeout: 75 * time.Second,
		ConnState:   s.conns.track,
		ErrorLog:    out.ErrorLog(),
	}
	return s
}

// Run serves until a signal arrives, then answers the requests that are
// running and returns nil. It returns ErrForced, with its line printed, when
// they take longer than the limit, and another error when the port could not
// be opened or serving broke.
func (s *Server) Run(signals <-chan os.Signal) error {
	listeners, err := s.listen()
	if err != nil {
		return err
	}
	served := make(chan error, len(listeners))
	for _, l := range listeners {
		s.out.Go("http server", func() {
			err := errPanicked
			defer func() { served <- err }()
			err = s.http.Serve(l)
		})
		s.say(l)
	}
	if err := s.serve(signals, served); err != nil {
		return err
	}
	s.tell("stopping", ready.Stopping)
	for _, l := range listeners {
		l.Close()
	}
	// From here on every connection that was accepted is known. What comes now waits in
	// a socket that was passed, for the next process.
	for range listeners {
		<-served
	}
	return s.drain(signals)
}

// serve returns when a signal arrives or serving breaks.
func (s *Server) serve(signals <-chan os.Signal, served <-chan error) error {
	waits := s.ready
	select {
	case <-waits: // not by chance after a signal that has come already
		s.tell("ready", s.notify)
		waits = nil
	default:
	}
	for {
		select {
		case <-waits:
			s.tell("ready", s.notify)
			waits = nil
		case err := <-served:
			return fmt.Errorf("serve: %w", err)
		case sig := <-signals:
			s.out.Signal(sig)
			return nil
		}
	}
}

// drain waits until every connection has had its answer. A repeated signal
// gets its line and changes nothing.
//
// This is not http.Server.Shutdown, which drops a request that has arrived but
// was not read yet, and grants a connection that never sends any five seconds,
// all that the process manager allows.
func (s *Server) drain(signals <-chan os.Signal) error {
	// Closes the idle connections now and each other one after its answer.
	s.http.SetKeepAlivesEnabled(false)
	gone := s.conns.gone()
	grace, limit := time.After(firstRequestGrace), time.After(s.limit)
	for {
		select {
		case sig := <-signals:
			s.out.Signal(sig)
		case <-grace:
			s.conns.closeSilent()
		case <-gone:
			s.out.Closed()
			return nil
		case <-limit:
			s.out.Forced()
			s.http.Close()
			return ErrForced
		}
	}
}

// tell runs a message to the process manager. The hub serves on without it.
func (s *Server) tell(what string, send func() error) {
	if err := send(); err != nil {
		s.out.Exception(fmt.Errorf("tell the process manager %s: %w", what, err), nil)
	}
}
