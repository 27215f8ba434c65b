package proc

import (
	"bytes"
	"context"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

// deadline is for things that happen at once unless something is broken.
const deadline = 10 * time.Second

// TestMain does what hubd does first: descriptors that this process was started
// with are not for its children.
func TestMain(m *testing.M) {
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// fixture starts children and watches them.
type fixture struct {
	testing.TB
	loop *epoll.Loop
	null int
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	loop, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- loop.Run(context.Background()) }()
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		loop.Close()
		if err := receive(t, done); err != nil {
			t.Error(err)
		}
		unix.Close(null)
	})
	return &fixture{t, loop, null}
}

// sh starts a shell with these descriptors, or with /dev/null for all three.
func (f *fixture) sh(script string, files ...int) *Process {
	f.Helper()
	if len(files) == 0 {
		files = []int{f.null, f.null, f.null}
	}
	p, err := Start(Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", script},
		Env: []string{"PATH=" + os.Getenv("PATH")}, Dir: "/", Files: files,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		_ = p.Signal(unix.SIGKILL) // ErrGone in most tests
		_ = unix.Waitid(unix.P_PID, p.PID, nil, unix.WEXITED, nil)
		p.Close()
	})
	return p
}

// ended waits for the process's end, which leaves a zombie, and returns it.
func (f *fixture) ended(p *Process) Exit {
	f.Helper()
	done := make(chan struct{})
	if err := p.WhenEnded(f.loop, func() { close(done) }); err != nil {
		f.Fatal(err)
	}
	receive(f, done)
	exit, ok, err := p.Peek()
	if !ok || err != nil {
		f.Fatalf("Peek of an ended process: %v, %v", ok, err)
	}
	return exit
}

// talk is a pipe to or from a child: ours is closed with the test, theirs is
// the descriptor to pass.
func (f *fixture) talk() (ours *os.File, theirs int) {
	f.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		f.Fatal(err)
	}
	ours = os.NewFile(uintptr(p[0]), "read end")
	f.Cleanup(func() {
		ours.Close()
		unix.Close(p[1])
	})
	return ours, p[1]
}

// line reads up to the next line break.
func (f *fixture) line(r io.Reader) string {
	f.Helper()
	var line []byte
	one := make([]byte, 1)
	for !bytes.HasSuffix(line, []byte("\n")) {
		if _, err := r.Read(one); err != nil {
			f.Fatal(err)
		}
		line = append(line, one...)
	}
	return string(line[:len(line)-1])
}

// state is the process's letter in proc_pid_stat(5), or "" when it is gone.
func state(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	return string(stat[bytes.LastIndexByte(stat, ')')+2:][:1])
}

func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(deadline):
		t.Fatalf("nothing came within %v", deadline)
		panic("unreachable")
	}
}
