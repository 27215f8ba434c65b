package stub

import (
	"io"
	"net"
	"net/http"
	"time"
)

// delay waits as long as was chosen. When the client leaves or the stub ends, there is no
// answer.
func (s *Stub) delay(_ http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	wait := s.playOf(r).delay
	s.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

// page answers what a proxy in the way might.
func (s *Stub) page(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<!doctype html><title>Welcome</title>\n")
	return true
}

// reset cuts the connection off, so that the client sees ECONNRESET.
func (s *Stub) reset(w http.ResponseWriter, _ *http.Request) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it there is an orderly end, an EOF
	}
	conn.Close()
	return true
}
