package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/epoll"
	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

const patience = 10 * time.Second

// events collects what the handlers were called with.
type events struct {
	exited chan string
	strays chan keeper.Stray
	alive  chan struct{}
	leaves chan struct{}
	lost   chan struct{}
}

// connect returns a link and the keeper's end of its socket.
func connect(t *testing.T) (*Link, int, events) {
	t.Helper()
	loop, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(context.Background()) }()
	t.Cleanup(func() {
		loop.Close()
		if err := receive(t, ended); err != nil {
			t.Error(err)
		}
	})
	theirs, ours, err := keeper.Pair()
	if err != nil {
		t.Fatal(err)
	}
	e := events{strays: make(chan keeper.Stray, 100), exited: make(chan string, 100), alive: make(chan struct{}, 100), leaves: make(chan struct{}, 100), lost: make(chan struct{}, 100)}
	l, err := New(loop, ours, Handlers{
		Exited: func(key string, pid int, x keeper.Exit) {
			e.exited <- fmt.Sprintf("%s %d %d %#x", key, pid, x.Report, x.Status)
		},
		Stray:  func(s keeper.Stray) { e.strays <- s },
		Alive:  func() { e.alive <- struct{}{} },
		Leaves: func() { e.leaves <- struct{}{} },
		Lost:   func() { e.lost <- struct{}{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, theirs, e
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing arrived")
		panic("unreachable")
	}
}

// next reads the keeper's end.
func next(t *testing.T, r *keeper.Receiver, socket int) (keeper.Message, []int) {
	t.Helper()
	for {
		m, fds, err := r.Receive(socket)
		if err == nil {
			return m, fds
		}
		if !errors.Is(err, unix.EAGAIN) {
			t.Fatal(err)
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(socket), Events: unix.POLLIN}}, int(patience/time.Millisecond))
		if n == 0 || err != nil && err != unix.EINTR {
			t.Fatalf("no message: %v", err)
		}
	}
}

func TestMessagesOfTheDaemon(t *testing.T) {
	t.Parallel()
	l, theirs, _ := connect(t)
	defer unix.Close(theirs)
	l.Hold("a:1", keeper.File{Name: keeper.Out, FD: 1}, keeper.File{Name: keeper.Err, FD: 2})
	l.Forked("a:1", 17, 0)
	l.Forked("b:1", 18, -1)
	l.Reaped("a:1")
	l.Recorded(9)
	l.Release("a:1", keeper.Out)
	l.Healthy()
	l.Answered()
	l.Program("/hubd", "/hub-keeper")
	l.Renew()
	l.Detached()
	l.End()
	want := []string{
		"1 a:1 [out err] 0 0 2", "2 a:1 [pidfd] 17 0 1", "2 b:1 [] 18 0 0", "3 a:1 [] 0 0 0", "4  [] 0 9 0",
		"5 a:1 [out] 0 0 0", "6  [] 0 0 0", "7  [] 0 0 0", "8  [] 0 0 0", "9  [] 0 0 0", "13  [] 0 0 0", "10  [] 0 0 0",
	}
	var r keeper.Receiver
	for _, w := range want {
		m, fds := next(t, &r, theirs)
		keeper.CloseAll(fds)
		if got := fmt.Sprintf("%d %s %v %d %d %d", m.Kind, m.Key, m.Names, m.PID, m.Report, len(fds)); got != w {
			t.Errorf("got %q, want %q", got, w)
		}
		if m.Kind == keeper.KindProgram && (m.Hubd != "/hubd" || m.Program != "/hub-keeper") {
			t.Errorf("program: %+v", m)
		}
	}
}

func TestMessagesOfTheKeeper(t *testing.T) {
	t.Parallel()
	_, theirs, e := connect(t)
	for _, m := range []keeper.Message{
		{Kind: 4711}, // of a later keeper
		{Kind: keeper.KindAlive},
		{Kind: keeper.KindLeaves},
		{Kind: keeper.KindStray, PID: 18, Session: 17, Start: 16, Status: 15},
		{Kind: keeper.KindExited, Key: []byte("a:1"), PID: 17, Report: 3, Status: 0x0700},
	} {
		if err := keeper.Send(theirs, m.Append(nil), 0); err != nil {
			t.Fatal(err)
		}
	}
	receive(t, e.alive)
	receive(t, e.leaves)
	if got, want := receive(t, e.strays), (keeper.Stray{PID: 18, Session: 17, Start: 16, Status: 15}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := receive(t, e.exited); got != "a:1 17 3 0x700" {
		t.Errorf("got %q", got)
	}
	unix.Close(theirs)
	receive(t, e.lost)
}

// A keeper that does not read delays nothing; once it reads it gets everything,
// in order, with the descriptors as they were when they were sent.
func TestKeeperThatDoesNotRead(t *testing.T) {
	t.Parallel()
	const messages = 2000
	l, theirs, _ := connect(t)
	defer unix.Close(theirs)
	for i := range messages {
		if i%10 != 0 {
			l.Recorded(uint64(i))
			continue
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, i)
		l.Hold(fmt.Sprint(i), keeper.File{Name: keeper.Out, FD: int(r.Fd())})
		r.Close()
		w.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Flush while nobody reads: %v", err)
	}
	flushed := make(chan error, 1)
	go func() { flushed <- l.Flush(context.Background()) }()
	var r keeper.Receiver
	for i := range messages {
		m, fds := next(t, &r, theirs)
		if i%10 != 0 {
			if m.Report != uint64(i) {
				t.Fatalf("message %d has number %d", i, m.Report)
			}
			continue
		}
		if string(m.Key) != fmt.Sprint(i) || len(fds) != 1 {
			t.Fatalf("message %d: %+v, %v", i, m, fds)
		}
		f := os.NewFile(uintptr(fds[0]), "pipe")
		if text, err := io.ReadAll(f); err != nil || string(text) != string(m.Key) {
			t.Fatalf("pipe of %s holds %q, %v", m.Key, text, err)
		}
		f.Close()
	}
	if err := receive(t, flushed); err != nil {
		t.Error(err)
	}
}

func TestLostKeeper(t *testing.T) {
	t.Parallel()
	l, theirs, e := connect(t)
	for range 2000 {
		l.Hold("k", keeper.File{Name: keeper.Out, FD: 0})
	}
	flushed := make(chan error, 1)
	go func() { flushed <- l.Flush(context.Background()) }()
	unix.Close(theirs)
	receive(t, e.lost)
	if err := receive(t, flushed); !errors.Is(err, ErrLost) {
		t.Errorf("Flush: %v", err)
	}
	l.End()
	if err := l.Flush(context.Background()); !errors.Is(err, ErrLost) {
		t.Errorf("Flush afterwards: %v", err)
	}
	l.mu.Lock()
	waiting := len(l.queue)
	l.mu.Unlock()
	l.Close()
	if waiting != 0 || len(e.lost) != 0 {
		t.Errorf("%d messages wait, Lost was called %d more times", waiting, len(e.lost))
	}
}

// BenchmarkLaunch is what one launch costs the two, from before its fork to after
// its end.
func BenchmarkLaunch(b *testing.B) {
	loop, err := epoll.New()
	if err != nil {
		b.Fatal(err)
	}
	theirs, ours, err := keeper.Pair()
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(theirs)
	l, err := New(loop, ours, Handlers{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	const key = "6f9619ff-8b86-d011-b42d-00cf4fc964ff:1"
	var r keeper.Receiver
	b.ReportAllocs()
	for b.Loop() {
		l.Hold(key, keeper.File{Name: keeper.Out, FD: 0}, keeper.File{Name: keeper.Err, FD: 1})
		l.Forked(key, 4711, 2)
		l.Reaped(key)
		l.Release(key)
		for range 4 {
			_, fds, err := r.Receive(theirs)
			if err != nil {
				b.Fatal(err)
			}
			keeper.CloseAll(fds)
		}
	}
}
