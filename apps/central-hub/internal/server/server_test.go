package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/config"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
)

// deadline bounds every wait of these tests.
const deadline = 10 * time.Second

// transcript keeps what the hub prints and lets tests wait for a part of it.
type transcript struct {
	mu      sync.Mutex
	text    string
	changed chan struct{} // closed at the next write
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{})} }

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text += string(p)
	close(l.changed)
	l.changed = make(chan struct{})
	return len(p), nil
}

// await returns the text once part occurs in it n times.
func (l *transcript) await(t *testing.T, part string, n int) string {
	t.Helper()
	timeout := time.After(deadline)
	for {
		l.mu.Lock()
		text, changed := l.text, l.changed
		l.mu.Unlock()
		if strings.Count(text, part) >= n {
			return text
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("%q was not printed %d times: %s", part, n, text)
		}
	}
}

// hub is a running Server.
type hub struct {
	*transcript
	addr    string
	signals chan os.Signal
	ended   chan error
}

// start runs a hub with the given handler on a free port. The test has to end
// it.
func start(t *testing.T, limit time.Duration, handler http.HandlerFunc) *hub {
	t.Helper()
	h := &hub{newTranscript(), "", make(chan os.Signal, 4), make(chan error, 1)}
	s := newServer(config.Config{ShutdownLimit: limit}, console.New(h, h), handler)
	go func() { h.ended <- s.Run(h.signals) }()
	line := strings.TrimSpace(h.await(t, "\n", 1))
	port, err := strconv.Atoi(line[strings.LastIndexByte(line, ':')+1:])
	if err != nil {
		t.Fatalf("no port in %q", line)
	}
	h.addr = fmt.Sprintf("127.0.0.1:%d", port)
	return h
}

func (h *hub) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", h.addr, deadline)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func (h *hub) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-h.ended:
		return err
	case <-time.After(deadline):
		t.Fatal("the hub does not end")
		return nil
	}
}

// slow is a handler that says when it runs and answers when told.
type slow struct{ running, release chan struct{} }

func newSlow() slow { return slow{make(chan struct{}), make(chan struct{})} }

func (s slow) handle(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "first ")
	s.running <- struct{}{}
	<-s.release
	io.WriteString(w, "second")
}

// get sends one request and returns where its body, or its error, will arrive.
func (h *hub) get() <-chan string {
	got := make(chan string, 1)
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: deadline}
		r, err := client.Get("http://" + h.addr)
		if err != nil {
			got <- err.Error()
			return
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			got <- err.Error()
			return
		}
		got <- string(body)
	}()
	return got
}

func TestShutdownAnswersRunningRequest(t *testing.T) {
	t.Parallel()
	handler := newSlow()
	h := start(t, deadline, handler.handle)
	got := h.get()
	<-handler.running

	h.signals <- syscall.SIGTERM
	h.await(t, "SIGTERM recibido", 1)
	h.signals <- syscall.SIGINT
	text := h.await(t, "SIGINT recibido", 1)
	if strings.Contains(text, "cerrado") {
		t.Errorf("closed while a request was running: %s", text)
	}
	close(handler.release)
	if body := <-got; body != "first second" {
		t.Errorf("the running request got %q", body)
	}
	if err := h.wait(t); err != nil {
		t.Error(err)
	}
	want := "🚀 Leadmaster Central Hub corriendo en http://localhost:" + h.addr[len("127.0.0.1:"):] + "\n" +
		"\n⚠️  SIGTERM recibido. Cerrando servidor...\n" +
		"\n⚠️  SIGINT recibido. Cerrando servidor...\n" +
		"✅ Servidor cerrado correctamente\n"
	if h.text != want {
		t.Errorf("printed %q, want %q", h.text, want)
	}
	if conn, err := net.Dial("tcp", h.addr); err == nil {
		conn.Close()
		t.Error("the port is still open")
	}
}

func TestShutdownIsForcedAtTheLimit(t *testing.T) {
	t.Parallel()
	handler := newSlow()
	h := start(t, 50*time.Millisecond, handler.handle)
	got := h.get()
	<-handler.running
	defer close(handler.release)

	h.signals <- syscall.SIGTERM
	if err := h.wait(t); !errors.Is(err, ErrForced) {
		t.Errorf("ended with %v", err)
	}
	if body := <-got; body == "first second" {
		t.Error("the request was answered after all")
	}
	if text := h.await(t, "❌ Tiempo de espera excedido. Forzando cierre.\n", 1); strings.Contains(text, "✅") {
		t.Errorf("printed both ends: %s", text)
	}
}

// Neither a connection that waits for its next request nor one that never sent
// any may hold the end up; Go's own Shutdown gives the latter five seconds.
func TestShutdownDropsIdleConnections(t *testing.T) {
	t.Parallel()
	h := start(t, 4*time.Second, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hi") })
	silent := h.dial(t)
	half := h.dial(t)
	io.WriteString(half, "GET / HTTP/1.1\r\nHo")
	used := h.dial(t)
	io.WriteString(used, "GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
	// Its answer also proves that the two earlier connections were accepted.
	if _, err := used.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}

	h.signals <- syscall.SIGTERM
	if err := h.wait(t); err != nil {
		t.Errorf("ended with %v", err)
	}
	for _, conn := range []net.Conn{silent, half, used} {
		if rest, err := io.ReadAll(conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a connection was left open: %v after %q", err, rest)
		}
	}
}

// A request that arrives on an open connection right after the signal is
// answered, and told that the connection ends.
func TestShutdownTakesLateFirstRequest(t *testing.T) {
	t.Parallel()
	h := start(t, deadline, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hi") })
	early := h.dial(t)
	// A second, answered connection proves that the first was accepted.
	if body := <-h.get(); body != "hi" {
		t.Fatal(body)
	}
	h.signals <- syscall.SIGTERM
	h.await(t, "recibido", 1)
	io.WriteString(early, "GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
	answer, err := io.ReadAll(early)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(string(answer), "hi") {
		t.Errorf("got %q, %v", answer, err)
	}
	if err := h.wait(t); err != nil {
		t.Error(err)
	}
}

func TestRunOnBusyPort(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	out := newTranscript()
	err = newServer(config.Config{Port: port}, console.New(out, out), nil).Run(nil)
	want := fmt.Sprintf("listen EADDRINUSE: address already in use :::%d (", port)
	if err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v, want %q", err, want)
	}
	if out.text != "" {
		t.Errorf("printed %q", out.text)
	}
}

// What goes wrong below the handlers is a line like any other.
func TestServerReportsInContractLines(t *testing.T) {
	t.Parallel()
	h := start(t, deadline, func(http.ResponseWriter, *http.Request) { panic("boom") })
	<-h.get()
	text := h.await(t, "❌ UNCAUGHT EXCEPTION: http: panic serving", 1)
	if !strings.Contains(text, "boom") {
		t.Errorf("printed %s", text)
	}
	h.signals <- os.Interrupt
	if err := h.wait(t); err != nil {
		t.Error(err)
	}
}

// Who listens has said that it is ready, also if a signal has come already.
func TestReadyBeforeSignal(t *testing.T) {
	t.Parallel()
	for range 50 {
		now, told := make(chan struct{}), make(chan os.Signal, 1)
		close(now)
		told <- syscall.SIGTERM
		out := newTranscript()
		s := newServer(config.Config{ShutdownLimit: deadline}, console.New(out, out), http.NotFoundHandler())
		s.ready = now
		s.notify = func() error { return errors.New("told") }
		if err := s.Run(told); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.text, "tell the process manager ready: told") {
			t.Fatalf("printed %s", out.text)
		}
	}
}
