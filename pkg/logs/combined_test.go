package logs

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestCombinedFileHasBothStreamsInOrder(t *testing.T) {
	t.Parallel()
	f := start(t)
	out := f.source(Source{Path: "out.log", Combined: "all.log", Stamp: "[T]"})
	errs := f.source(Source{Path: "error.log", Combined: "all.log", Stamp: "[T]"})
	var all, first, second strings.Builder
	for n := range 100 {
		s, own := out, &first
		if n%3 == 0 {
			s, own = errs, &second
		}
		line := fmt.Sprintf("line %d\n", n)
		s.write(line)
		s.sync() // so that the daemon reads them in this order
		own.WriteString("T: " + line)
		all.WriteString("T: " + line)
	}
	out.finish()
	errs.finish()
	f.want("out.log", first.String())
	f.want("error.log", second.String())
	f.want("all.log", all.String())
}

func TestCombinedFileAlone(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, path := range []string{"", "/dev/null", "all.log"} { // once, not twice, if it is the same
		s := f.source(Source{Path: path, Combined: "all.log"})
		s.write("one\ntwo")
		s.finish()
		f.want("all.log", "one\ntwo\n")
		if err := f.Truncate(f.context(), f.path("all.log")); err != nil {
			t.Fatal(err)
		}
	}
}

// An open line keeps the combined file, not the other stream's own.
func TestOpenLineInTheCombinedFile(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.open = time.Hour })
	out := f.source(Source{Path: "out.log", Combined: "all.log", Stamp: "[O]"})
	errs := f.source(Source{Path: "error.log", Combined: "all.log", Stamp: "[E]"})
	out.write("name? ")
	out.sync()
	errs.write("one\ntwo\n")
	f.untilIs("error.log", "E: one\nE: two\n")
	f.want("all.log", "O: name? ")
	out.write("bob\n")
	errs.sync()
	f.want("all.log", "O: name? bob\nE: one\nE: two\n")
	f.want("error.log", "E: one\nE: two\n")
	f.want("out.log", "O: name? bob\n")
}

func TestOpenLineIsBrokenInTheCombinedFileOnly(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.open = time.Millisecond })
	out := f.source(Source{Path: "out.log", Combined: "all.log", Stamp: "[O]"})
	errs := f.source(Source{Path: "error.log", Combined: "all.log", Stamp: "[E]"})
	out.write("name? ")
	out.sync()
	errs.write("one\n")
	errs.sync()
	out.write("bob\n")
	out.finish()
	f.want("all.log", "O: name? \nE: one\nO: [continued] bob\n")
	f.want("out.log", "O: name? bob\n")
}

// partly fails on the files that it is told to, with short writes before.
type partly struct {
	full atomic.Int64 // descriptor, or 0
	room atomic.Int64
}

func (p *partly) write(fd int, b []byte) (int, error) {
	if int64(fd) != p.full.Load() {
		return unix.Write(fd, b)
	}
	room := p.room.Load()
	if room == 0 {
		return -1, unix.ENOSPC
	}
	n, err := unix.Write(fd, b[:min(int64(len(b)), room)])
	p.room.Add(-int64(n))
	return n, err
}

// Whichever of the two files can't be written: nothing is lost or doubled in
// either, and the other one goes on for a chunk.
func TestOutageOfOneOfTwoFiles(t *testing.T) {
	t.Parallel()
	for name, objects := range map[string]*Object{"raw": nil, "objects": {Type: "out"}} {
		for broken := range 2 {
			for _, room := range []int64{0, 5, 1000} {
				t.Run(fmt.Sprint(name, broken, room), func(t *testing.T) {
					t.Parallel()
					testOutage(t, broken, room, objects)
				})
			}
		}
	}
}

func testOutage(t *testing.T, broken int, room int64, objects *Object) {
	d := &partly{}
	d.room.Store(room)
	f := start(t, func(l *Loop) { l.write, l.timing.retry, l.timing.partial = d.write, time.Millisecond, time.Millisecond })
	src := Source{Path: "out.log", Combined: "all.log", Stamp: "[T]", Object: objects}
	s := f.source(src)
	names := []string{"out.log", "all.log"}
	if err := f.call(f.context(), func() { d.full.Store(int64(s.in.outlets[broken].sink.fd)) }); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("0123456789\n", 300) + "then "
	s.write(text)
	if err := s.in.Sync(f.context()); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("Sync: %v", err)
	}
	f.until(names[1-broken], func(got string) bool { return strings.Count(got, "789") == 300 })
	for range 20 { // retries, which must not write to the good file again
		if err := s.in.Sync(f.context()); !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("Sync: %v", err)
		}
	}
	s.write("more\n" + strings.Repeat("end\n", 10))
	d.room.Store(1 << 30)
	s.finish()
	text += "more\n" + strings.Repeat("end\n", 10)
	for _, name := range names {
		if objects == nil {
			f.want(name, string(reference("T: ", []byte(text))))
		} else if got := strings.Join(messages(t, f.read(name)), "\n") + "\n"; got != text {
			t.Errorf("%s holds %s", name, abridge(got))
		}
	}
	if n := f.log.count("can't be written"); n != 1 {
		t.Errorf("the outage is said %d times", n)
	}
}

// The pipe holds the app back as soon as one of two files is full.
func TestAFullFileHoldsTheAppBack(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.retry = time.Millisecond })
	s := f.source(Source{Path: "out.log", Combined: "/dev/full"})
	if err := unix.SetNonblock(int(s.w.Fd()), true); err != nil {
		t.Fatal(err)
	}
	wrote := 0
	for line := []byte(strings.Repeat("x", 99) + "\n"); ; wrote += len(line) {
		if _, err := unix.Write(int(s.w.Fd()), line); err != nil {
			break
		}
	}
	if err := s.in.Sync(f.context()); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("Sync: %v", err)
	}
	if n, err := unread(s.in.fd); err != nil || n != wrote {
		t.Errorf("%d of %d bytes are in the pipe (%v)", n, wrote, err)
	}
	if n := len(f.read("out.log")); n > chunkSize {
		t.Errorf("the good file is %d bytes ahead", n)
	}
}

// A writer that waits in a full pipe in the middle of a write is noticed soon,
// although the pipe was not empty when it began.
func TestWriterThatWaitsInThePipe(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "")
	text := strings.Repeat(strings.Repeat("w", 2999)+"\n", 16000)
	before := time.Now()
	s.write(text)
	s.finish()
	if d := time.Since(before); d > deadline/2 { // waits of 0.1 s make it more
		t.Errorf("it took %v", d)
	}
	f.want("out.log", text)
}

func TestCombinedFileThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	f := start(t)
	r, _ := pipe(t)
	defer unix.Close(r)
	if _, err := f.Add(f.context(), Source{FD: r, Path: f.path("out.log"), Combined: f.dir}); err == nil {
		t.Fatal("a folder was accepted")
	}
	if err := f.call(f.context(), func() {
		if len(f.sinks) > 0 {
			t.Errorf("%d files stay open", len(f.sinks))
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// Files are moved away and reopened while lines come, as logrotate does: each
// line is in one of them, once, in order.
func TestReopenUnderLoad(t *testing.T) {
	t.Parallel()
	const moves, lines = 20, 20_000
	f := start(t)
	s := f.source(Source{Path: "out.log", Combined: "all.log", Stamp: "[T]"})
	written := make(chan struct{})
	go func() {
		defer close(written)
		for n := range lines {
			_, _ = fmt.Fprintf(s.w, "line %d\n", n)
		}
	}()
	for n := range moves {
		for _, name := range []string{"out.log", "all.log"} {
			if err := os.Rename(f.path(name), f.path(fmt.Sprint(name, ".", n))); err != nil {
				t.Fatal(err)
			}
			if err := f.Reopen(f.context(), f.path(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	receive(t, written)
	s.finish()
	var want strings.Builder
	for n := range lines {
		fmt.Fprintf(&want, "T: line %d\n", n)
	}
	for _, name := range []string{"out.log", "all.log"} {
		var got strings.Builder
		for n := range moves {
			got.WriteString(f.read(fmt.Sprint(name, ".", n)))
		}
		got.WriteString(f.read(name))
		if got.String() != want.String() {
			t.Errorf("%s and what was moved hold %s", name, abridge(got.String()))
		}
	}
}

// While one of two files can't be written, the other one, which has all that it
// can get, waits for it and does nothing meanwhile.
func TestOutageCostsNothing(t *testing.T) {
	t.Parallel()
	d := &partly{}
	f := start(t, func(l *Loop) { l.write, l.timing.retry, l.timing.partial = d.write, time.Hour, time.Millisecond })
	s := f.source(Source{Path: "out.log", Combined: "all.log"})
	if err := f.call(f.context(), func() { d.full.Store(int64(s.in.outlets[1].sink.fd)) }); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(s.w.Fd(), unix.F_SETPIPE_SZ, 1<<20); err != nil {
		t.Fatal(err)
	}
	s.write(strings.Repeat("line\n", 2*chunkSize/5))
	f.until("out.log", func(got string) bool { return len(got) > chunkSize-10 })
	if err := f.call(f.context(), func() {
		if s.in.alarm.armed {
			t.Error("it looks again and again at what can't be written")
		}
	}); err != nil {
		t.Fatal(err)
	}
	d.room.Store(1 << 30)
	if err := f.call(f.context(), func() { s.in.outlets[1].sink.tick() }); err != nil {
		t.Fatal(err)
	}
	s.finish()
	f.want("all.log", f.read("out.log"))
}
