package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/apps/central-hub/internal/database/databasetest"
)

// hubVar makes the test binary be the hub itself, so that the tests see the
// real process: its signals, descriptors and exit codes.
const hubVar = "CENTRAL_HUB_TEST_IS_HUB"

// deadline bounds every wait of these tests.
const deadline = 10 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(hubVar) != "" {
		main()
	}
	databasetest.Main(m)
}

// process is a hub in a working directory of its own.
type process struct {
	*exec.Cmd
	stdout *bufio.Reader
	stderr strings.Builder
	base   string // its URL, once booted
}

// command prepares a hub in dir whose environment is env alone.
func command(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0])}
	// The race detector would let every hub linger for a second at its exit.
	p.Env = append([]string{
		hubVar + "=1", "GORACE=atexit_sleep_ms=0", "SESSION_SECRET=for tests",
		"SESSION_MANAGER_BASE_URL=http://127.0.0.1:1", // nobody listens there
	}, env...)
	p.Dir = dir
	p.Stderr = &p.stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	return p
}

// boot starts p and waits for its first line.
func (p *process) boot(t *testing.T) {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	line := p.line(t)
	port, ok := strings.CutPrefix(line, "🚀 Leadmaster Central Hub corriendo en http://localhost:")
	if _, err := strconv.Atoi(port); !ok || err != nil {
		t.Fatalf("the first line is %q", line)
	}
	p.base = "http://127.0.0.1:" + port
}

func (p *process) line(t *testing.T) string {
	t.Helper()
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("stdout ended: %v; stderr: %s", err, &p.stderr)
	}
	return strings.TrimSuffix(line, "\n")
}

// end reads what p still prints, waits for it and returns both with its exit
// code.
func (p *process) end(t *testing.T) (stdout, stderr string, code int) {
	t.Helper()
	rest, err := io.ReadAll(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return string(rest), p.stderr.String(), p.ProcessState.ExitCode()
}

// stop sends sig and checks that p ends in order.
func (p *process) stop(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := p.end(t)
	want := fmt.Sprintf("\n⚠️  %s recibido. Cerrando servidor...\n✅ Servidor cerrado correctamente\n", unix.SignalName(sig))
	if stdout != want || stderr != "" || code != 0 {
		t.Errorf("after %s: exit code %d, stdout %q, stderr %q; want stdout %q", sig, code, stdout, stderr, want)
	}
}

func (p *process) get(t *testing.T, path string) (int, string) {
	t.Helper()
	client := http.Client{Timeout: deadline}
	defer client.CloseIdleConnections()
	r, err := client.Get(p.base + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestServesUntilSignal(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := command(t, t.TempDir(), "PORT=0")
			p.boot(t)
			if status, body := p.get(t, "/health"); status != 200 || !strings.HasPrefix(body, `{"status":"healthy","service":"central-hub"`) {
				t.Errorf("/health: %d %s", status, body)
			}
			if status, _ := p.get(t, "/"); status != 404 {
				t.Errorf("/ without a frontend: %d", status)
			}
			p.stop(t, sig)
		})
	}
}

func TestReadsWorkingDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir+"/.env", "PORT=1\nNODE_ENV=staging\n")
	write(t, dir+"/frontend/dist/index.html", "the page")
	// The real PORT wins over the file's, which only root may open.
	p := command(t, dir, "PORT=0")
	p.boot(t)
	if _, body := p.get(t, "/api/health"); !strings.HasSuffix(body, `"environment":"staging"}`) {
		t.Errorf("/api/health: %s", body)
	}
	conn := p.dial(t)
	fmt.Fprint(conn, "GET /dashboard HTTP/1.1\r\nHost: hub\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(answer), "the page") {
		t.Errorf("a deep link: %q, %v", answer, err)
	}
	conn = p.dial(t)
	fmt.Fprint(conn, "GET /../../.env HTTP/1.1\r\nHost: hub\r\nAccept: */*\r\nConnection: close\r\n\r\n")
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 404 ") {
		t.Errorf("a path out of the frontend: %q, %v", answer, err)
	}
	p.stop(t, syscall.SIGTERM)
}

func (p *process) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(p.base, "http://"), deadline)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// half sends a request of which half the body is still missing and waits until
// the hub's handler reads it.
func (p *process) half(t *testing.T) net.Conn {
	t.Helper()
	conn := p.dial(t)
	fmt.Fprint(conn, "POST /api/leads HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"+
		"Expect: 100-continue\r\nContent-Length: 8\r\n\r\n")
	const interim = "HTTP/1.1 100 Continue\r\n\r\n"
	got := make([]byte, len(interim))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != interim {
		t.Fatalf("got %q, %v", got, err)
	}
	fmt.Fprint(conn, `{"a"`)
	return conn
}

func TestShutdownWithRequestInFlight(t *testing.T) {
	t.Parallel()
	p := command(t, t.TempDir(), "PORT=0")
	p.boot(t)
	conn := p.half(t)
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := p.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		blank, line := p.line(t), p.line(t)
		if want := "⚠️  " + unix.SignalName(sig) + " recibido. Cerrando servidor..."; blank != "" || line != want {
			t.Errorf("printed %q, %q; want %q", blank, line, want)
		}
	}
	fmt.Fprint(conn, `:12}`)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 404 ") ||
		!strings.Contains(string(answer), `"message":"Endpoint /api/leads no existe"`) {
		t.Errorf("the request in flight got %q, %v", answer, err)
	}
	if stdout, stderr, code := p.end(t); stdout != "✅ Servidor cerrado correctamente\n" || stderr != "" || code != 0 {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestReadyOnNodeChannel(t *testing.T) {
	t.Parallel()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	p := command(t, t.TempDir(), "PORT=0", "NODE_CHANNEL_FD=3", "NODE_CHANNEL_SERIALIZATION_MODE=json")
	p.ExtraFiles = []*os.File{theirs}
	if err := ours.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	p.boot(t)
	theirs.Close()
	got := make([]byte, 64)
	n, err := ours.Read(got)
	if err != nil || string(got[:n]) != "\"ready\"\n" {
		t.Errorf("channel carried %q, %v", got[:n], err)
	}
	if status, _ := p.get(t, "/health"); status != 200 {
		t.Errorf("/health after ready: %d", status)
	}
	p.stop(t, syscall.SIGTERM)
}

func TestTellsNotifySocket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: dir + "/notify"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	p := command(t, dir, "PORT=0", "NOTIFY_SOCKET="+dir+"/notify")
	p.boot(t)
	expect := func(want string) {
		t.Helper()
		got := make([]byte, 64)
		n, err := conn.Read(got)
		if err != nil || string(got[:n]) != want {
			t.Errorf("the socket got %q, %v; want %q", got[:n], err, want)
		}
	}
	expect("READY=1")
	p.stop(t, syscall.SIGTERM)
	expect("STOPPING=1")
}

// A manager that cannot be reached is told of, and the hub serves on.
func TestServesWithoutReachableManager(t *testing.T) {
	t.Parallel()
	p := command(t, t.TempDir(), "PORT=0", "NODE_CHANNEL_FD=77")
	p.boot(t)
	if status, _ := p.get(t, "/health"); status != 200 {
		t.Errorf("/health: %d", status)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := p.end(t)
	if want := "❌ UNCAUGHT EXCEPTION: tell the process manager ready: NODE_CHANNEL_FD=77: "; !strings.HasPrefix(stderr, want) || code != 0 {
		t.Errorf("exit code %d, stderr %q; want %q", code, stderr, want)
	}
}

func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	busy := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	tests := map[string]struct {
		port, dotenv string
		args         []string
		code         int
		want         string
	}{
		"busy port":   {busy, "", nil, 1, "❌ UNCAUGHT EXCEPTION: listen EADDRINUSE: address already in use :::" + busy},
		"bad port":    {"http", "", nil, 1, `❌ UNCAUGHT EXCEPTION: PORT "http" is no port: want a number from 1 to 65535`},
		"broken .env": {"0", "PORT=0\nwhat is this\n", nil, 1, "❌ UNCAUGHT EXCEPTION: .env line 2: want NAME=value"},
		"an argument": {"0", "", []string{"--port", "80"}, 2, "usage: central-hub"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir+"/.env", test.dotenv)
			p := command(t, dir, "PORT="+test.port)
			p.Args = append(p.Args, test.args...)
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			stdout, stderr, code := p.end(t)
			if stdout != "" || !strings.HasPrefix(stderr, test.want) || strings.Count(stderr, "\n") != 1 || code != test.code {
				t.Errorf("exit code %d, stdout %q, stderr %q; want %d and one line %q", code, stdout, stderr, test.code, test.want)
			}
		})
	}
}

// A hub that still waits for its database has nobody to answer, and ends at once.
func TestSignalWhileStarting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/data", 0o700); err != nil {
		t.Fatal(err)
	}
	data, err := os.Open(dir + "/data")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if err := unix.Flock(int(data.Fd()), unix.LOCK_EX); err != nil { // as one that migrates
		t.Fatal(err)
	}
	p := command(t, dir, "PORT=0")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	for again := time.Tick(10 * time.Millisecond); ; <-again {
		if _, err := os.Stat(dir + "/data/central-hub.db"); err == nil {
			break
		}
	}
	begun := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, _ := p.end(t)
	if took := time.Since(begun); took > 5*time.Second || stdout != "" || stderr != "" {
		t.Errorf("it took %v, stdout %q, stderr %q", took, stdout, stderr)
	}
}
