package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// follow makes a Follower that is closed with the test.
func (f *fixture) follow(name string, position int64) *Follower {
	follower := f.Follow(f.path(name), position)
	f.Cleanup(follower.Close)
	return follower
}

func (f *fixture) wantNext(follower *Follower, text string) Line {
	f.Helper()
	line, err := follower.Next(f.context())
	if err != nil {
		f.Fatal(err)
	}
	if string(line.Text) != text {
		f.Fatalf("next line is %q, want %q", abridge(string(line.Text)), abridge(text))
	}
	return line
}

func TestFollowBeforeTheFileExists(t *testing.T) {
	t.Parallel()
	f := start(t)
	follower := f.follow("out.log", 0)
	got := make(chan Line, 1)
	go func() {
		line, _ := follower.Next(f.context())
		got <- line
	}()
	s := f.stream("out.log", "[T]")
	s.write("one\n")
	if line := receive(t, got); string(line.Text) != "T: one" || line.Position != int64(len("T: one\n")) {
		t.Errorf("got %q, position %d", line.Text, line.Position)
	}
}

func TestFollowFromAPosition(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "")
	s.write("one\ntwo\r\nthree\n")
	s.sync()
	line := f.wantNext(f.follow("out.log", 4), "two\r")
	f.wantNext(f.follow("out.log", line.Position), "three")
}

func TestFollowHandsOutWholeLinesOnly(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "")
	follower := f.follow("out.log", 0)
	s.write("one\npar")
	s.sync()
	f.wantNext(follower, "one")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if line, err := follower.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a part was handed out: %q, %v", line.Text, err)
	}
	s.write("tial\n")
	f.wantNext(follower, "partial")
	long := strings.Repeat("x", MaxLine+10)
	go s.write(long + "\n")
	if line := f.wantNext(follower, long[:MaxLine]); !line.Partial {
		t.Error("a piece is not marked")
	}
	f.wantNext(follower, long[MaxLine:])
}

func TestFollowAcrossTruncate(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "")
	follower := f.follow("out.log", 0)
	for i := range 50 {
		first, second := fmt.Sprint("a", i), fmt.Sprint("b", i)
		s.write(first + "\n")
		f.wantNext(follower, first)
		if err := f.Truncate(f.context(), f.path("out.log")); err != nil {
			t.Fatal(err)
		}
		// The file is as long as before when the follower looks again.
		s.write(second + "\n")
		s.sync()
		if line := f.wantNext(follower, second); line.Position != int64(len(second)+1) {
			t.Fatalf("position %d", line.Position)
		}
	}
}

// A follower that has read the whole lines of a write that is then undone goes
// back to where that write began, not to the start of the file.
func TestFollowAcrossAWriteThatIsTakenBack(t *testing.T) {
	t.Parallel()
	f, d := onDisk(t, 1<<20)
	s := f.stream("out.log", "")
	s.write("one\n")
	s.sync()
	follower := f.follow("out.log", 0)
	f.wantNext(follower, "one")
	read := make(chan struct{})
	written := make(chan struct{})
	err := f.call(f.context(), func() {
		d.room.Store(int64(len("two\nth")))
		f.write = func(fd int, b []byte) (int, error) {
			n, err := d.write(fd, b)
			if n == len("two\nth") {
				close(written)
				<-read
			}
			return n, err
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.write("two\nthree\n")
	receive(t, written)
	follower.topic.grew() // as if it had looked by chance
	f.wantNext(follower, "two")
	close(read)
	if err := s.in.Sync(f.context()); err == nil {
		t.Fatal("Sync on a full disk succeeded")
	}
	d.room.Store(1 << 20)
	s.finish()
	f.wantNext(follower, "two")
	f.wantNext(follower, "three")
}

func TestFollowAcrossReopen(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "")
	follower := f.follow("out.log", 0)
	s.write("one\n")
	f.wantNext(follower, "one")
	if err := os.Rename(f.path("out.log"), f.path("old.log")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.path("out.log"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.write("two\n") // still goes to the old file
	s.sync()
	if err := f.Reopen(f.context(), f.path("out.log")); err != nil {
		t.Fatal(err)
	}
	s.write("three\n")
	f.wantNext(follower, "two")
	if line := f.wantNext(follower, "three"); line.Position != int64(len("three\n")) {
		t.Errorf("position %d", line.Position)
	}
}

func TestFollowAFileThatTheLoopDoesNotWrite(t *testing.T) {
	t.Parallel()
	f := start(t)
	follower := f.follow("foreign.log", 1000) // behind its end: it was emptied
	got := make(chan string, 1)
	go func() {
		line, err := follower.Next(f.context())
		got <- fmt.Sprint(string(line.Text), err)
	}()
	if err := os.WriteFile(f.path("foreign.log"), []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := receive(t, got); text != "hello<nil>" {
		t.Errorf("got %q", text)
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.stream("out.log", "")
	follower := f.follow("out.log", 0)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := follower.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestTailThenFollowMissesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	const lines = 20_000
	f := start(t)
	s := f.stream("out.log", "")
	s.write("0\n")
	s.sync()
	go func() {
		for i := 1; i < lines; i++ {
			_, _ = fmt.Fprintln(s.w, i)
		}
	}()
	tail, next, err := Tail(f.path("out.log"), 5, -1)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if _, err := fmt.Sscan(string(tail[len(tail)-1].Text), &n); err != nil {
		t.Fatal(err)
	}
	follower := f.follow("out.log", next)
	for n++; n < lines; n++ {
		f.wantNext(follower, fmt.Sprint(n))
	}
}
