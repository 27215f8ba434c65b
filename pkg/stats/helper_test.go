package stats

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	deadline = 20 * time.Second
	roleVar  = "STATS_TEST_ROLE"
)

// The test binary, run again with a role, is the child of the tests. Every
// process of a family inherits the pipe of its standard input and ends at its
// end of file, so nothing outlives a test, not even what left tree and session.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		play(role)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func play(role string) {
	switch role {
	case "app":
		start("child", false)
		start("leader", true)
		_ = start("forker", true).Wait() // ends at once and leaves "daemonised" behind
	case "forker":
		start("daemonised", true)
		return
	}
	fmt.Println(role, os.Getpid())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func start(role string, setsid bool) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return cmd
}

// family is a running app: role → pid.
type family struct {
	cmd   *exec.Cmd
	start uint64
	pids  map[string]int
}

// startFamily starts a process as the daemon would, in a session of its own and
// with a mark, and waits until so many members have reported.
func startFamily(t testing.TB, role, mark string, members int) *family {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	f := &family{cmd: exec.CommandContext(ctx, "/proc/self/exe"), pids: make(map[string]int)}
	f.cmd.Env = append(os.Environ(), roleVar+"="+role, MarkVariable+"="+mark)
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	f.cmd.Stderr = os.Stderr
	in, inErr := f.cmd.StdinPipe()
	out, outErr := f.cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_, _ = io.Copy(io.Discard, out) // ends when the last member has ended
		_ = f.cmd.Wait()
	})
	r := bufio.NewReader(out)
	for range members {
		var name string
		var pid int
		if _, err := fmt.Fscanln(r, &name, &pid); err != nil {
			t.Fatal(err)
		}
		f.pids[name] = pid
	}
	p, err := ReadProc(f.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	f.start = p.Start
	return f
}

func scan(t testing.TB, s *Scanner) *Snapshot {
	t.Helper()
	snap, err := s.Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func recorded(t testing.TB) (*Scanner, *Snapshot) {
	t.Helper()
	s := newScanner("testdata/proc")
	return s, scan(t, s)
}

// pids writes a tree as "200 201 …".
func pids(tree []Proc) string {
	var b strings.Builder
	for _, p := range tree {
		fmt.Fprint(&b, p.PID, " ")
	}
	return strings.TrimSpace(b.String())
}
