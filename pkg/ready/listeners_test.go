package ready

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// acceptOne takes the listeners, answers one connection on each with its name, and
// says what is left of them for a child.
func acceptOne() int {
	list, err := Listeners()
	if err != nil {
		flags, _ := unix.FcntlInt(3, unix.F_GETFD, 0)
		fmt.Println("error:", err, "flags", flags)
		return 0
	}
	again, err := Listeners()
	fmt.Printf("%d again=%d %v", len(list), len(again), err)
	for _, l := range list {
		conn, err := l.Accept()
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Fprint(conn, l.Name)
		conn.Close()
	}
	out, err := exec.Command("sh", "-c", "echo $LISTEN_FDS$LISTEN_PID$LISTEN_FDNAMES; for n in 3 4; do test ! -e /proc/$$/fd/$n || echo $n; done").Output()
	fmt.Printf(" child=%q %v", strings.TrimSpace(string(out)), err)
	return 0
}

// raw opens a listening socket as a manager does: blocking, by number.
func raw(t *testing.T, network string) (file *os.File, address string) {
	t.Helper()
	address = "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "x.sock")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	file, err = l.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	t.Cleanup(func() { file.Close() })
	return file, address
}

// activated is the test binary with sockets from 3 on; LISTEN_PID is its own.
func activated(t *testing.T, files []*os.File, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	cmd.Env = append([]string{actVar + "=listeners", "GORACE=atexit_sleep_ms=0", "PATH=" + os.Getenv("PATH")}, env...)
	cmd.ExtraFiles = files
	return cmd
}

func TestListeners(t *testing.T) {
	t.Parallel()
	for names, want := range map[string][]string{
		"LISTEN_FDNAMES=web:control": {"web", "control"},
		"LISTEN_FDNAMES=web":         {"unknown", "unknown"},
		"LISTEN_FDNAMES=:control":    {"unknown", "control"},
		"A=B":                        {"unknown", "unknown"},
	} {
		tcp, tcpAddress := raw(t, "tcp")
		local, localAddress := raw(t, "unix")
		// Connections that were there before the process wait for it.
		var conns []net.Conn
		for network, address := range map[string]string{"tcp": tcpAddress, "unix": localAddress} {
			conn, err := net.Dial(network, address)
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		out, err := activated(t, []*os.File{tcp, local}, "LISTEN_FDS=2", names).Output()
		if err != nil || string(out) != `2 again=0 <nil> child="" <nil>` {
			t.Fatalf("%s: got %q, %v", names, out, err)
		}
		got := map[string]string{}
		for _, conn := range conns {
			text, err := io.ReadAll(conn)
			if err != nil {
				t.Fatal(err)
			}
			got[conn.RemoteAddr().Network()] = string(text)
			conn.Close()
		}
		if got["tcp"] != want[0] || got["unix"] != want[1] {
			t.Errorf("%s: got %v, want %v", names, got, want)
		}
		// The path is the manager's: the program's end leaves it.
		if _, err := os.Stat(localAddress); err != nil {
			t.Error(err)
		}
	}
}

func TestListenersErrors(t *testing.T) {
	t.Parallel()
	tcp, _ := raw(t, "tcp")
	ours, theirs := pair(t, unix.SOCK_STREAM)
	defer ours.Close()
	plain, err := os.Create(filepath.Join(t.TempDir(), "plain"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for _, c := range []struct {
		files []*os.File
		count string
		want  string
	}{
		{nil, "", "0 again=0"},
		{nil, "x", "error: LISTEN_FDS=x: want the number"},
		{nil, "-1", "error: LISTEN_FDS=-1: want the number"},
		{[]*os.File{tcp, theirs}, "2", "error: LISTEN_FDS=2: descriptor 4: the socket does not listen flags 1"},
		{[]*os.File{plain}, "1", "error: LISTEN_FDS=1: descriptor 3: getsockopt: socket operation on non-socket"},
		{[]*os.File{tcp}, "2", "error: LISTEN_FDS=2: descriptor 4:"},
	} {
		out, err := activated(t, c.files, "LISTEN_FDS="+c.count).Output()
		if err != nil || !strings.HasPrefix(string(out), c.want) {
			t.Errorf("%s: got %q, %v; want %q", c.count, out, err, c.want)
		}
	}
}

// Sockets that were meant for another process are not ours.
func TestListenersOfAnother(t *testing.T) {
	t.Parallel()
	tcp, _ := raw(t, "tcp")
	for _, pid := range []string{"", "LISTEN_PID=1"} {
		out, err := app(t, "listeners", tcp, "LISTEN_FDS=1", pid, "PATH="+os.Getenv("PATH")).Output()
		if err != nil || !strings.HasPrefix(string(out), "0 again=0 <nil>") {
			t.Errorf("%q: got %q, %v", pid, out, err)
		}
	}
}
