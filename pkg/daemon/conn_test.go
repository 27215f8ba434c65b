package daemon

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"golang.org/x/sys/unix"
)

// A client that has closed its sending half still gets its answers.
func TestHalfClosedClient(t *testing.T) {
	t.Parallel()
	r := serve(t)
	app, err := json.Marshal(r.app("app", idle))
	if err != nil {
		t.Fatal(err)
	}
	l := r.connect()
	l.send(fmt.Sprintf(`{"method":%q,"more":true,"parameters":{"specs":[%s],"env":["PATH=/bin"]}}`, full("Start"), app),
		fmt.Sprintf(`{"method":%q}`, full("List")))
	if err := l.Conn.(*net.UnixConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		a := l.next(full("Start"))
		if a.Error != "" {
			t.Fatal(a.Error)
		}
		more = a.Continues
	}
	if a := l.next(full("List")); !strings.Contains(string(a.Parameters), `"online"`) {
		t.Errorf("got %s", a.Parameters)
	}
	l.wantClosed()
}

// What a client has asked for is done even if it leaves at once.
func TestClientThatLeaves(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	events := r.connect()
	events.send(fmt.Sprintf(`{"method":%q,"more":true}`, full("Events")))
	events.next(full("Events"))
	l := r.connect()
	l.send(fmt.Sprintf(`{"method":%q,"parameters":{"action":"stop","targets":["app"]}}`, full("Act")))
	l.Close()
	for {
		a := events.next(full("Events"))
		if strings.Contains(string(a.Parameters), `"kind":"stopped"`) {
			break
		}
	}
	if rows := r.rows(); rows != "app:stopped" {
		t.Errorf("got %s", rows)
	}
}

// Not parallel: it looks at the memory of the whole process.
func TestEndlessMessage(t *testing.T) {
	r := serve(t)
	before := heap()
	l := r.connect()
	chunk := []byte(strings.Repeat("x", 1<<20))
	sent := 0
	for ; sent < 64; sent++ {
		if _, err := l.Write(chunk); err != nil {
			break
		}
	}
	if sent < 15 || sent > 20 {
		t.Errorf("it was cut off after %d MiB, want about 16", sent)
	}
	l.wantClosed()
	if _, err := r.Daemon(r.context()); err != nil {
		t.Error(err)
	}
	if kept := heap() - before; kept > 4<<20 {
		t.Errorf("the daemon keeps %d KiB of it", kept>>10)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A request may be large, if it has an end.
func TestLargeMessage(t *testing.T) {
	t.Parallel()
	r := serve(t)
	l := r.connect()
	variable := "BIG=" + strings.Repeat("y", 2<<20)
	if a := l.ask(full("Start"), fmt.Sprintf(`{"env":[%q]}`, variable)); a.Error != api.CodeInvalid {
		t.Errorf("got %s", a.Error)
	}
}

// A client that asks and never reads slows nobody.
func TestClientThatReadsNothing(t *testing.T) {
	t.Parallel()
	r := serve(t)
	for range 3 {
		l := r.connect()
		call := `{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"com.leadmaster.hub"}}` + "\x00"
		// It stops when the daemon takes no more of it.
		if err := l.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			if _, err := io.WriteString(l, call); err != nil {
				break
			}
		}
	}
	begun := time.Now()
	if _, err := r.Daemon(r.context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > messageTime/10 {
		t.Errorf("another client waited for %v", took)
	}
}

// More connections than there may be: each is answered when it comes, those
// that have been idle for longest make room.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	r := serve(t)
	for n := range 300 {
		if a := r.connect().ask(full("Daemon"), ""); a.Error != "" {
			t.Fatalf("connection %d: %s", n, a.Error)
		}
	}
	if _, err := r.Daemon(r.context()); err != nil {
		t.Error(err)
	}
}

// All at work: one more is told so, and when one leaves there is room again.
func TestTooManyFollowers(t *testing.T) {
	t.Parallel()
	r := serve(t)
	follow := fmt.Sprintf(`{"method":%q,"more":true}`, full("Events"))
	var lines []*dialog
	for range maxClients {
		l := r.connect()
		l.send(follow)
		l.next(full("Events"))
		lines = append(lines, l)
	}
	late := r.connect()
	if a := late.next(full("Daemon")); a.Error != api.CodeRefused {
		t.Errorf("one too many got %+v", a)
	}
	late.wantClosed()
	lines[0].Close()
	// The daemon finds out in its own time; until then it says the same.
	for {
		l := r.connect()
		l.send(fmt.Sprintf(`{"method":%q}`, full("Daemon")))
		if a := l.next(full("Daemon")); a.Error == "" {
			break
		} else if a.Error != api.CodeRefused {
			t.Fatalf("got %+v", a)
		}
	}
}

// servePoorly is a daemon that may open few files, until stdin ends.
func servePoorly(home string) {
	limit := unix.Rlimit{Cur: 40, Max: 40}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		panic(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); w.Close() }()
	runUntil(home, r)
}

// A daemon that runs out of descriptors lets clients wait and goes on when it
// has some again.
func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd, in := child(t, "poor", home, func(c *exec.Cmd) { c.Stdout = w })
	w.Close()
	if err := out.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal("it never answers:", err)
	}
	var conns []net.Conn
	for range 80 {
		conn, err := net.Dial("unix", filepath.Join(home, "hubd.sock"))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		conn.Close()
	}
	client := api.Client{Home: home}
	r := &rig{TB: t, Client: client}
	if d, err := client.Daemon(r.context()); err != nil || d.PID != cmd.Process.Pid {
		t.Errorf("%+v: %v", d, err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// strange tries to speak to a daemon as another user; descriptor 3 is its home.
func strange(string) {
	conn, err := dialFD(3)
	if err != nil {
		fmt.Println("connect:", err)
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, `{"method":"com.leadmaster.hub.Daemon"}`+"\x00")
	answer, _ := io.ReadAll(conn)
	fmt.Printf("answer %q\n", answer)
}

// The folder's mode keeps others out, and where it does not, the daemon does.
func TestOtherUsersAreRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	r := serve(t)
	dir, err := os.Open(r.Home)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	ask := func() string {
		t.Helper()
		var out strings.Builder
		cmd, _ := child(t, "stranger", "", func(c *exec.Cmd) {
			c.Stdout, c.ExtraFiles = &out, []*os.File{dir}
			c.SysProcAttr = &unix.SysProcAttr{Credential: &credential{Uid: 65534, Gid: 65534}}
		})
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out.String())
	}
	if said := ask(); !strings.Contains(said, "permission denied") {
		t.Errorf("with the modes as they are: %s", said)
	}
	if err := os.Chmod(r.Home, 0o711); err != nil {
		t.Fatal(err)
	}
	if said := ask(); !strings.Contains(said, "permission denied") {
		t.Errorf("with an open folder: %s", said)
	}
	if err := os.Chmod(r.path("hubd.sock"), 0o666); err != nil {
		t.Fatal(err)
	}
	if said := ask(); said != `answer ""` {
		t.Errorf("with an open socket: %s", said)
	}
	if !strings.Contains(r.journal.String(), "uid=65534") {
		t.Error("the refusal is not in the log")
	}
}
