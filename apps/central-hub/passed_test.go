package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// passed makes p get sockets from the process manager (LISTEN_FDS).
func (p *process) passed(t *testing.T, listeners ...net.Listener) {
	t.Helper()
	for _, l := range listeners {
		file, err := l.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { file.Close() })
		p.ExtraFiles = append(p.ExtraFiles, file)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	p.Path, p.Args = sh, []string{"sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0]}
	p.Env = append(p.Env, fmt.Sprintf("LISTEN_FDS=%d", len(listeners)))
}

func listening(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// The hub serves on what it is passed, PORT of that number or none, and leaves
// to the next process who comes when it has ended.
func TestPassedSocket(t *testing.T) {
	t.Parallel()
	for _, given := range []bool{false, true} {
		l := listening(t, "tcp", ":0")
		env := []string{"A=B"}
		if given {
			env = []string{fmt.Sprintf("PORT=%d", portOf(l))}
		}
		first := command(t, t.TempDir(), env...)
		first.passed(t, l)
		first.boot(t)
		if want := fmt.Sprintf("http://127.0.0.1:%d", portOf(l)); first.base != want {
			t.Fatalf("it serves on %s, want %s", first.base, want)
		}
		if status, body := first.get(t, "/health"); status != 200 {
			t.Errorf("%d %s", status, body)
		}
		first.stop(t, syscall.SIGTERM)
		answer := make(chan error, 1)
		go func() {
			r, err := http.Get(first.base + "/health")
			if err == nil {
				r.Body.Close()
			}
			answer <- err
		}()
		next := command(t, t.TempDir(), env...)
		next.passed(t, l)
		next.boot(t)
		if err := <-answer; err != nil {
			t.Errorf("a request between two processes: %v", err)
		}
		next.stop(t, syscall.SIGTERM)
	}
}

// PORT of another number counts, and one line says so.
func TestPassedSocketOfAnotherPort(t *testing.T) {
	t.Parallel()
	l := listening(t, "tcp", "127.0.0.1:0")
	p := command(t, t.TempDir(), "PORT=0")
	p.passed(t, l)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if got, want := p.line(t), fmt.Sprintf("ℹ️  PORT=0 no es el puerto del socket recibido (%s), que queda sin usar", l.Addr()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if line := p.line(t); !strings.HasPrefix(line, "🚀 Leadmaster Central Hub corriendo en http://localhost:") {
		t.Errorf("then %q", line)
	}
	p.stop(t, syscall.SIGTERM)
}

func TestPassedSockets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.sock")
	p := command(t, t.TempDir())
	p.passed(t, listening(t, "tcp", "127.0.0.1:0"), listening(t, "unix", path))
	p.boot(t)
	if line, want := p.line(t), "🚀 Leadmaster Central Hub corriendo en unix:"+path; line != want {
		t.Errorf("got %q, want %q", line, want)
	}
	if status, _ := p.get(t, "/health"); status != 200 {
		t.Errorf("status %d", status)
	}
	client := http.Client{Timeout: deadline, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	r, err := client.Get("http://hub/health")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	p.stop(t, syscall.SIGTERM)
}

func TestPassedNonsense(t *testing.T) {
	t.Parallel()
	p := command(t, t.TempDir(), "LISTEN_FDS=many")
	p.passed(t)
	p.Env = p.Env[:len(p.Env)-1]
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := p.end(t); code != 1 || !strings.HasPrefix(stderr, "❌ UNCAUGHT EXCEPTION: LISTEN_FDS=many") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}
