package ipc

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

const deadline = 20 * time.Second

func newLoop(t testing.TB) *epoll.Loop {
	t.Helper()
	loop, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	return loop
}

// idleLoop is a loop that nobody runs: the test plays the loop.
func idleLoop(t testing.TB) *epoll.Loop {
	loop := newLoop(t)
	t.Cleanup(func() { stopLoop(t, loop) })
	return loop
}

func stopLoop(t testing.TB, loop *epoll.Loop) {
	loop.Close()
	if err := loop.Run(context.Background()); err != nil {
		t.Error(err)
	}
}

func runningLoop(t testing.TB) *epoll.Loop {
	t.Helper()
	loop := newLoop(t)
	done := make(chan error, 1)
	go func() { done <- loop.Run(context.Background()) }()
	t.Cleanup(func() {
		loop.Close()
		if err := receive(t, done); err != nil {
			t.Error(err)
		}
	})
	return loop
}

func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(deadline):
		t.Fatal("nothing arrived in time")
		panic("unreachable")
	}
}

// link is a channel with its other end and all that its handlers heard.
type link struct {
	*Channel
	peer     *os.File
	messages chan string
	faults   chan error
	closed   chan error
}

func newLink(t testing.TB, loop *epoll.Loop) *link {
	t.Helper()
	l, theirs := newOpenLink(t, loop)
	l.peer = os.NewFile(uintptr(theirs), "peer")
	t.Cleanup(func() { l.peer.Close() })
	return l
}

// newOpenLink leaves the other end to the caller.
func newOpenLink(t testing.TB, loop *epoll.Loop) (l *link, theirs int) {
	t.Helper()
	ours, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	l = &link{
		messages: make(chan string, 10_000),
		faults:   make(chan error, 100),
		closed:   make(chan error, 100),
	}
	l.Channel, err = NewChannel(loop, ours, Handlers{
		Message: func(msg json.RawMessage) { l.messages <- string(msg) },
		Fault:   func(err error) { l.faults <- err },
		Close:   func(err error) { l.closed <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, theirs
}

func (l *link) write(t testing.TB, text string) {
	t.Helper()
	if _, err := l.peer.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// heard takes what has been delivered so far.
func (l *link) heard() []string {
	var all []string
	for {
		select {
		case m := <-l.messages:
			all = append(all, m)
		default:
			return all
		}
	}
}

// writeWithDescriptor sends the write end of a fresh pipe along and returns the
// read end, which sees the end of file once every copy is closed.
func writeWithDescriptor(t testing.TB, socket int, text string) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	defer w.Close()
	if err := unix.Sendmsg(socket, []byte(text), unix.UnixRights(int(w.Fd())), nil, 0); err != nil {
		t.Fatal(err)
	}
	return r
}

// mustEnd fails when r does not reach its end of file in time.
func mustEnd(t testing.TB, r *os.File) {
	t.Helper()
	if err := r.SetReadDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil || err.Error() != "EOF" {
		t.Fatalf("read = %d, %v, want EOF: a copy of the descriptor is still open", n, err)
	}
}

func lines(n int, line string) string { return strings.Repeat(line+"\n", n) }

func duplicate(t testing.TB, fd int) *os.File {
	t.Helper()
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(n), "copy")
}
