package logs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// frozen is a loop that has stopped between two steps, as it is when another
// program is executed in its place.
func (f *fixture) frozen() {
	f.Helper()
	thaw, err := f.Freeze(f.context())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(thaw)
}

// successor is a loop that goes on with f's journal.
func (f *fixture) successor() *fixture {
	f.Helper()
	return startIn(f, f.dir, f.path("journal"))
}

// adopt adds the pipe of a stream of a frozen loop.
func (f *fixture) adopt(s *stream) *stream {
	f.Helper()
	src := s.src
	var err error
	if src.FD, err = unix.FcntlInt(uintptr(s.in.FD()), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		f.Fatal(err)
	}
	list, err := f.Add(f.context(), src)
	if err != nil {
		f.Fatal(err)
	}
	return &stream{f, list[0], s.w, src}
}

func (f *fixture) adopted() {
	f.Helper()
	if err := f.Adopted(f.context()); err != nil {
		f.Fatal(err)
	}
}

// journaled starts a loop with a journal of its own.
func journaled(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	return startIn(t, dir, filepath.Join(dir, "journal"))
}

func (f *fixture) add(name, text string) {
	f.Helper()
	file, err := os.OpenFile(f.path(name), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		f.Fatal(err)
	}
}

func TestOpenLineGoesOn(t *testing.T) {
	t.Parallel()
	old := journaled(t)
	a, b := old.stream("out.log", "[A]"), old.stream("out.log", "[B]")
	b.write("b1\n")
	b.sync()
	a.write("begun, ")
	a.sync()
	old.frozen()
	f := old.successor()
	b = f.adopt(b)
	b.write("b2\n")
	c := f.stream("out.log", "[C]") // a stranger waits too
	c.write("c1\n")
	a = f.adopt(a)
	f.adopted()
	a.write("ended\n")
	a.sync()
	b.sync()
	c.sync()
	got := f.read("out.log")
	if !strings.HasPrefix(got, "B: b1\nA: begun, ended\n") || len(got) != len("B: b1\nA: begun, ended\nB: b2\nC: c1\n") {
		t.Errorf("the file holds %q", got)
	}
}

func TestOpenLineOfAFileThatHasChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(f *fixture)
		want      string
	}{
		"somebody appended":        {func(f *fixture) { f.add("out.log", "x\n") }, "A: begun, x\nA: [continued] ended\n"},
		"somebody appended a part": {func(f *fixture) { f.add("out.log", "x") }, "A: begun, x\nA: [continued] ended\n"},
		"emptied": {func(f *fixture) {
			if err := os.Truncate(f.path("out.log"), 0); err != nil {
				t.Error(err)
			}
		}, "A: [continued] ended\n"},
		"moved away": {func(f *fixture) {
			if err := os.Rename(f.path("out.log"), f.path("old.log")); err != nil {
				t.Error(err)
			}
		}, "A: [continued] ended\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := journaled(t)
			a := old.stream("out.log", "[A]")
			a.write("begun, ")
			a.sync()
			old.frozen()
			c.meanwhile(old)
			f := old.successor()
			a = f.adopt(a)
			f.adopted()
			a.write("ended\n")
			a.sync()
			f.want("out.log", c.want)
		})
	}
}

func TestCutLineStaysCut(t *testing.T) {
	t.Parallel()
	old := journaled(t)
	a := old.stream("out.log", "[A]")
	a.write("begun, ")
	a.sync()
	if err := old.Reopen(old.context(), old.path("out.log")); err != nil {
		t.Fatal(err)
	}
	old.frozen()
	f := old.successor()
	a = f.adopt(a)
	f.adopted()
	a.write("ended\nnext\n")
	a.sync()
	f.want("out.log", "A: begun, \nA: [continued] ended\nA: next\n")
}

// The stream of an open line does not come again: others wait until that is
// known, and the line gets an end.
func TestSlotThatNobodyClaims(t *testing.T) {
	t.Parallel()
	old := journaled(t)
	a, b := old.stream("out.log", "[A]"), old.stream("out.log", "[B]")
	a.write("begun, ")
	a.sync()
	old.frozen()
	f := old.successor()
	b = f.adopt(b)
	b.write("b1\n")
	if err := f.call(f.context(), func() {
		if in := b.in; in.outlets[0].sink.admit(&in.outlets[0], time.Now()) {
			t.Error("it is written to, though a stream may go on with its line")
		}
	}); err != nil {
		t.Fatal(err)
	}
	f.want("out.log", "A: begun, ")
	f.adopted()
	b.sync()
	f.want("out.log", "A: begun, \nB: b1\n")
	if n := len(f.journal.left) + len(f.journal.unfinished); n > 0 {
		t.Errorf("%d slots are still remembered", n)
	}
}

// What one of two files has already is not written to it again.
func TestAheadInOneOfTwoFiles(t *testing.T) {
	t.Parallel()
	old := journaled(t)
	s := old.source(Source{Path: "out.log", Combined: "all.log", Stamp: "[T]"})
	d := &partly{}
	if err := old.call(old.context(), func() {
		d.full.Store(int64(s.in.outlets[1].sink.fd))
		old.write = d.write
	}); err != nil {
		t.Fatal(err)
	}
	s.write("one\ntwo\nbegun")
	if err := s.in.Sync(old.context()); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	old.frozen()
	f := old.successor()
	s = f.adopt(s)
	f.adopted()
	s.write(" ended\n")
	s.sync()
	for _, name := range []string{"out.log", "all.log"} {
		f.want(name, "T: one\nT: two\nT: begun ended\n")
	}
}

// A half-written chunk of a file that was moved away is written to the new one
// as a whole: nothing is lost.
func TestHalfAWriteInAFileThatWasMoved(t *testing.T) {
	t.Parallel()
	l, s := deadWriter(t, inWrite, "one\ntwo\n")
	if err := os.Rename(l.path("out.log"), l.path("old.log")); err != nil {
		t.Fatal(err)
	}
	f := startIn(t, l.dir, l.path("journal"))
	s = f.adopt(s)
	f.adopted()
	s.sync()
	f.want("old.log", "T: one\n")
	f.want("out.log", "T: one\nT: two\n")
}

// Behind half a write of ours somebody else has written: that stays, and what
// was not whole comes again.
func TestHalfAWriteWithSomethingBehindIt(t *testing.T) {
	t.Parallel()
	l, s := deadWriter(t, inWrite, "one\ntwo\n")
	l.add("out.log", "x")
	f := startIn(t, l.dir, l.path("journal"))
	s = f.adopt(s)
	f.adopted()
	s.sync()
	f.want("out.log", "T: one\nx\nT: one\nT: two\n")
}

// Behind a chunk that is only to be taken there may be more, and no event tells
// of it.
func TestMoreBehindAChunkThatIsOnlyTaken(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", chunkSize+1000) + "\n"
	l, s := deadWriter(t, behindWrite, text)
	f := startIn(t, l.dir, l.path("journal"))
	f.adopt(s)
	f.adopted()
	f.untilIs("out.log", "T: "+text)
}

// Points of a crash in a loop's first step.
const (
	inWrite     = 2
	behindWrite = 3
)

// deadWriter is a loop that has died at a point, with the text in its pipe.
func deadWriter(t *testing.T, point int, text string) (*fixture, *stream) {
	t.Helper()
	dir := t.TempDir()
	f := &fixture{TB: t, dir: dir, log: &logged{}}
	l := &life{TB: t, dir: dir, sources: []Source{{Path: f.path("out.log"), Stamp: "[T]"}}}
	r, w := pipe(t)
	t.Cleanup(func() { unix.Close(r) })
	l.pipes = []int{r}
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 1<<20); err != nil {
		t.Skip("pipes of 1 MiB are not allowed here:", err)
	}
	if _, err := w.WriteString(text); err != nil {
		t.Fatal(err)
	}
	l.begin(point)
	receive(t, l.crash.died)
	l.bury()
	return f, &stream{f: f, in: &Intake{fd: r}, w: w, src: l.sources[0]}
}

func TestEndedIsSaidOnce(t *testing.T) {
	t.Parallel()
	f := journaled(t)
	ended := make(chan string, 9)
	make := func(name string) *stream {
		return f.source(Source{Path: name, Ended: func() { ended <- name }})
	}
	make("eof").finish()
	if got := receive(t, ended); got != "eof" {
		t.Errorf("%s has ended", got)
	}
	s := make("closed")
	s.in.Close()
	s.in.Close()
	if got := receive(t, ended); got != "closed" {
		t.Errorf("%s has ended", got)
	}
	if fd := s.in.FD(); fd != -1 {
		t.Errorf("its descriptor is %d", fd)
	}
	left := make("left")
	f.Close()
	receive(t, left.in.Done())
	if len(ended) > 0 {
		t.Errorf("%s has ended, though only the loop has", <-ended)
	}
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "")
	thaw, err := f.Freeze(f.context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(s.in.FD()), unix.F_GETPIPE_SZ, 0); err != nil {
		t.Error("the intake's descriptor:", err)
	}
	s.write("line\n")
	ctx, cancel := context.WithCancel(f.context())
	cancel()
	if err := s.in.Sync(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a frozen loop answers %v", err)
	}
	if _, err := f.Freeze(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a frozen loop freezes: %v", err)
	}
	f.want("out.log", "")
	thaw()
	thaw()
	s.sync()
	f.want("out.log", "line\n")
	f.Close()
	receive(t, s.in.Done())
	if _, err := f.Freeze(f.context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Freeze of a closed loop: %v", err)
	}
}
