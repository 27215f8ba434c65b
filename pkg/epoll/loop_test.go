package epoll

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func start(t *testing.T) *Loop {
	t.Helper()
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Run(context.Background()) }()
	t.Cleanup(func() {
		l.Close()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Error("Run did not end after Close")
		}
	})
	return l
}

func pipe(t *testing.T) (r, w int) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(p[0]); unix.Close(p[1]) })
	return p[0], p[1]
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(5 * time.Second):
		t.Fatal("nothing arrived within 5 s")
		panic("unreachable")
	}
}

func TestHandlerSeesReadyDescriptor(t *testing.T) {
	t.Parallel()
	l := start(t)
	r, w := pipe(t)
	got := make(chan uint32, 1)
	if _, err := l.Add(r, In|EdgeTriggered, func(ev uint32) { got <- ev }); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(w, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if ev := receive(t, got); ev&In == 0 {
		t.Fatalf("events = %#x, want EPOLLIN", ev)
	}
}

func TestRemovedWatchIsSilentEvenWhenTheNumberIsReused(t *testing.T) {
	t.Parallel()
	l := start(t)
	r, w := pipe(t)
	watch, err := l.Add(r, In, func(uint32) { t.Error("handler of a removed watch was called") })
	if err != nil {
		t.Fatal(err)
	}
	watch.Remove()
	watch.Remove()
	got := make(chan struct{}, 1)
	if _, err := l.Add(r, In|EdgeTriggered, func(uint32) { got <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(w, []byte("x")); err != nil {
		t.Fatal(err)
	}
	receive(t, got)
	if err := watch.Modify(In); err == nil {
		t.Error("Modify of a removed watch succeeded")
	}
}

func TestPostedFunctionsRunInOrderAndNotAfterClose(t *testing.T) {
	t.Parallel()
	l := start(t)
	got := make(chan int, 100)
	for i := range 100 {
		l.Post(func() { got <- i })
	}
	for i := range 100 {
		if v := receive(t, got); v != i {
			t.Fatalf("function %d ran at place %d", v, i)
		}
	}
	l.Close()
	if l.Post(func() { t.Error("ran after Close") }) {
		t.Error("Post after Close reported true")
	}
	if _, err := l.Add(0, In, nil); err == nil {
		t.Error("Add after Close succeeded")
	}
}
