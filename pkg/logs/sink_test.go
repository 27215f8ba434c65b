package logs

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestOpenLineKeepsASharedFile(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.open = time.Hour })
	a, b := f.stream("out.log", "[A]"), f.stream("out.log", "[B]")
	a.write("begun, ")
	a.sync()
	b.write("b1\nb2\n")
	a.write("ended\na2\n")
	a.sync()
	b.sync()
	f.want("out.log", "A: begun, ended\nA: a2\nB: b1\nB: b2\n")
}

func TestOpenLineIsBrokenAfterItsTime(t *testing.T) {
	t.Parallel()
	f := start(t)
	a, b := f.stream("out.log", "[A]"), f.stream("out.log", "[B]")
	before := time.Now()
	a.write("begun, ")
	a.sync()
	b.write("b1\nb2\n")
	b.sync()
	if d := time.Since(before); d < time.Second || d > 3*time.Second {
		t.Errorf("the other stream waited for %v, want 1 s", d)
	}
	f.want("out.log", "A: begun, \nB: b1\nB: b2\n")
	a.write("ended\na2\n")
	a.finish()
	f.want("out.log", "A: begun, \nB: b1\nB: b2\nA: [continued] ended\nA: a2\n")
}

func TestOpenLineIsBrokenAfterItsSize(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.open = time.Hour })
	a, b := f.stream("out.log", "[A]"), f.stream("out.log", "")
	a.write("x")
	a.sync()
	b.write("b\n")
	a.write(strings.Repeat("x", 3<<20) + "\nend\n")
	a.finish()
	b.finish()
	got := f.read("out.log")
	lines := strings.SplitAfter(got, "\n")
	if len(lines) != 5 || lines[1] != "b\n" || !strings.HasPrefix(lines[2], "A: [continued] x") || lines[3] != "A: end\n" {
		t.Fatalf("file holds %s", abridge(got))
	}
	if n := len(lines[0]); n < maxOpen || n > maxOpen+2*chunkSize {
		t.Errorf("the line was broken after %d bytes, want %d and a chunk", n, maxOpen)
	}
	if n := strings.Count(lines[0]+lines[2], "x"); n != 3<<20+1 {
		t.Errorf("%d bytes of the line are there, want %d", n, 3<<20+1)
	}
}

func TestALoneLineIsNeverBroken(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.open, l.timing.partial = 0, 0 })
	a, b := f.stream("out.log", "[A]"), f.stream("out.log", "[B]")
	long := strings.Repeat("x", 3<<20)
	a.write(long)
	a.sync()
	b.sync() // b has the file too, and nothing to say
	a.write("y\n")
	a.sync()
	f.want("out.log", "A: "+long+"y\n")
}

func TestEndOfFileOfAWaitingStream(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.open = 20 * time.Millisecond })
	a, b := f.stream("out.log", "[A]"), f.stream("out.log", "[B]")
	a.write("a")
	a.sync()
	b.write("last words")
	b.finish()
	f.want("out.log", "A: a\nB: last words\n")
	a.finish()
	f.want("out.log", "A: a\nB: last words\n")
}

func TestSharedFileUnderLoad(t *testing.T) {
	t.Parallel()
	const streams, lines = 4, 3000
	f := start(t)
	done := make(chan *stream)
	for i := range streams {
		s := f.stream("out.log", "[T]")
		go func() {
			defer func() { done <- s }()
			for n := range lines {
				line := fmt.Sprintf("%d %d %s\n", i, n, strings.Repeat("z", n%300))
				cut := n % len(line)
				_, _ = s.w.WriteString(line[:cut])
				_, _ = s.w.WriteString(line[cut:])
			}
		}()
	}
	for range streams {
		receive(t, done).finish()
	}
	var next [streams]int
	for line := range strings.Lines(f.read("out.log")) {
		var i, n int
		var z string
		if _, err := fmt.Sscanf(line+"_", "T: %d %d %s", &i, &n, &z); err != nil {
			// A line without z ends behind the number.
			if _, err := fmt.Sscanf(line, "T: %d %d", &i, &n); err != nil {
				t.Fatalf("torn line %q: %v", line, err)
			}
		}
		if n != next[i] || line != fmt.Sprintf("T: %d %d %s\n", i, n, strings.Repeat("z", n%300)) {
			t.Fatalf("line %d of stream %d is %q", next[i], i, line)
		}
		next[i]++
	}
	for i, n := range next {
		if n != lines {
			t.Errorf("%d lines of stream %d, want %d", n, i, lines)
		}
	}
}

func TestFileThatWasRemovedIsMadeAgainForANewStream(t *testing.T) {
	t.Parallel()
	f := start(t)
	a := f.stream("logs/out.log", "")
	a.write("old\n")
	a.sync()
	if err := os.RemoveAll(f.path("logs")); err != nil {
		t.Fatal(err)
	}
	b := f.stream("logs/out.log", "")
	a.write("a\n")
	a.finish()
	b.write("b\n")
	b.finish()
	f.want("logs/out.log", "a\nb\n")
}

func TestReopen(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "[T]")
	s.write("one\nbegun")
	s.sync()
	if err := os.Rename(f.path("out.log"), f.path("out.log.1")); err != nil {
		t.Fatal(err)
	}
	if err := f.Reopen(f.context(), f.path("out.log")); err != nil {
		t.Fatal(err)
	}
	s.write(" ended\n")
	s.finish()
	f.want("out.log.1", "T: one\nT: begun\n")
	f.want("out.log", "T: [continued]  ended\n")
	if err := f.Reopen(f.context(), f.path("nobody.log")); err != nil {
		t.Error(err)
	}
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "[T]")
	s.write("one\nbegun")
	s.sync()
	if err := f.Truncate(f.context(), f.path("out.log")); err != nil {
		t.Fatal(err)
	}
	f.want("out.log", "")
	s.write(" ended\n")
	s.finish()
	f.want("out.log", "T: [continued]  ended\n")
	// Nobody writes to it now.
	if err := f.Truncate(f.context(), f.path("out.log")); err != nil {
		t.Fatal(err)
	}
	f.want("out.log", "")
	if err := f.Truncate(f.context(), f.path("none.log")); err != nil {
		t.Error(err)
	}
	if err := f.Truncate(f.context(), "relative.log"); err == nil {
		t.Error("a relative path was accepted")
	}
	if err := f.Truncate(f.context(), f.dir); err == nil {
		t.Error("a folder was accepted")
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.stream("a/b/out.log", "").finish()
	for name, want := range map[string]os.FileMode{"a/b/out.log": fileMode, "a/b": folderMode, "a": folderMode} {
		st, err := os.Stat(f.path(name))
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm()&^want != 0 {
			t.Errorf("%s has mode %o, want at most %o", name, st.Mode().Perm(), want)
		}
	}
}

func TestLastLineWithoutEndIsKeptApart(t *testing.T) {
	t.Parallel()
	f := start(t)
	if err := os.WriteFile(f.path("out.log"), []byte("killed in the mi"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := f.stream("out.log", "")
	s.write("next\n")
	s.finish()
	f.want("out.log", "killed in the mi\nnext\n")
}

func TestLinks(t *testing.T) {
	t.Parallel()
	f := start(t)
	if err := os.MkdirAll(f.path("disk"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"one.log": "two.log", "two.log": f.path("disk/real.log"), "loop.log": "loop.log"} {
		if err := os.Symlink(target, f.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	s := f.stream("one.log", "")
	s.write("x\n")
	s.finish()
	f.want("disk/real.log", "x\n")
	if _, _, err := openLog(f.path("loop.log"), true); err == nil {
		t.Error("a link to itself was opened")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can make a link of another user")
	}
	if err := unix.Lchown(f.path("two.log"), 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openLog(f.path("one.log"), true); err == nil || !strings.Contains(err.Error(), "12345") {
		t.Errorf("another user's link: %v", err)
	}
}

func TestFIFO(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.retry = time.Millisecond })
	if err := unix.Mkfifo(f.path("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openLog(f.path("fifo"), true); err == nil {
		t.Error("a FIFO without reader was opened")
	}
	reader := exec.Command("cat", f.path("fifo"))
	out := &strings.Builder{}
	reader.Stdout = out
	held, err := os.OpenFile(f.path("fifo"), os.O_RDWR, 0) // so that neither side waits
	if err != nil {
		t.Fatal(err)
	}
	s := f.stream("fifo", "[T]")
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("line\n", 100_000)
	s.write(text)
	if err := f.Truncate(f.context(), f.path("fifo")); err != nil {
		t.Error(err)
	}
	s.finish()
	held.Close()
	if err := reader.Wait(); err != nil {
		t.Fatal(err)
	}
	if out.String() != string(reference("T: ", []byte(text))) {
		t.Errorf("the reader has %d bytes, %s", out.Len(), abridge(out.String()))
	}
}
