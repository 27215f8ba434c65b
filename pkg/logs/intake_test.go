package logs

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLinesAreStampedAndKept(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"lines":           "one\ntwo\n",
		"no end":          "one\ntwo",
		"only a part":     "x",
		"crlf":            "one\r\ntwo\r\n",
		"empty lines":     "\n\n\n",
		"invalid":         "\xff\xfe\x00\n\xc3",
		"nothing":         "",
		"long":            strings.Repeat("x", 3<<20) + "\nnext\n",
		"long, no end":    strings.Repeat("yz", 1<<20),
		"chunk and a bit": strings.Repeat("a", chunkSize-1) + "\nb\n",
		"exactly a chunk": strings.Repeat("a", chunkSize),
		"many short":      strings.Repeat("\n", 3*chunkSize),
		"lines of 5 KiB":  strings.Repeat(strings.Repeat("k", 5<<10)+"\n", 100),
	} {
		for stamp, prefix := range map[string]string{"": "", "[at noon]": "at noon: "} {
			t.Run(name+stamp, func(t *testing.T) {
				t.Parallel()
				f := start(t)
				s := f.stream("out.log", stamp)
				s.write(text)
				s.finish()
				f.want("out.log", string(reference(prefix, []byte(text))))
			})
		}
	}
}

func TestSplitAtEveryOffset(t *testing.T) {
	t.Parallel()
	const text = "one\r\n\ntwo \xff three\nfour"
	want := string(reference("T: ", []byte(text)))
	f := start(t)
	for i := range len(text) + 1 {
		s := f.stream("out.log", "[T]")
		s.write(text[:i])
		s.sync() // writes the part before i, line end or not
		s.write(text[i:])
		s.finish()
		f.want("out.log", want)
		if err := f.Truncate(f.context(), f.path("out.log")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestByteByByte(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789 ", 1000) + "\nnext\n"
	f := start(t)
	s := f.stream("out.log", "[T]")
	for i := range len(text) {
		s.write(text[i : i+1])
	}
	s.finish()
	f.want("out.log", string(reference("T: ", []byte(text))))
}

func TestPartialLineIsWrittenAfterAWhileWithTheStampOfItsStart(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.partial = 20 * time.Millisecond })
	s := f.stream("out.log", "YYYY")
	before := time.Now()
	s.write("name? ")
	year := before.Format("2006")
	f.untilIs("out.log", year+": name? ")
	if d := time.Since(before); d < 20*time.Millisecond {
		t.Errorf("it was written after %v", d)
	}
	s.write("bob\nhello\n")
	f.untilIs("out.log", year+": name? bob\n"+year+": hello\n")
}

func TestPipeOfManySmallPieces(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.partial = time.Hour })
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_DIRECT); err != nil {
		t.Fatal(err)
	}
	w := os.NewFile(uintptr(p[1]), "write end")
	defer w.Close()
	if _, err := unix.FcntlInt(uintptr(p[1]), unix.F_SETPIPE_SZ, 1<<20); err != nil {
		t.Skip("pipes of 1 MiB are not allowed here:", err)
	}
	for range 200 { // each in a slot of its own (pipe(2), O_DIRECT)
		if _, err := w.WriteString("x"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Add(f.context(), Source{FD: p[0], Path: f.path("out.log")}); err != nil {
		t.Fatal(err)
	}
	f.untilIs("out.log", strings.Repeat("x", 200)+"\n")
}

func TestSyncIsNotEndOfFile(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.partial = time.Hour })
	s := f.stream("out.log", "[T]")
	s.sync() // with an empty pipe
	s.write("panic: at the dis")
	s.sync()
	f.want("out.log", "T: panic: at the dis")
	select {
	case <-s.in.Done():
		t.Fatal("done, though the pipe is open")
	default:
	}
	s.write("co\n")
	s.finish()
	f.want("out.log", "T: panic: at the disco\n")
	s.sync() // nothing is left
}

func TestDroppedStreams(t *testing.T) {
	t.Parallel()
	f := start(t)
	for _, path := range []string{"", "/dev/null"} {
		s := f.stream(path, "YYYY")
		s.write(strings.Repeat("x\n", 1<<20)) // more than fits into the pipe
		s.sync()
		s.finish()
	}
}

func TestCloseStopsReading(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.partial = time.Hour })
	s := f.stream("out.log", "")
	other := f.stream("out.log", "")
	s.write("begun")
	s.sync()
	s.in.Close()
	s.in.Close()
	receive(t, s.in.Done())
	if err := s.in.Sync(f.context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Sync of a closed intake: %v", err)
	}
	other.write("next\n")
	other.sync()
	f.want("out.log", "begun\nnext\n")
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	f := start(t)
	r, _ := pipe(t)
	defer unix.Close(r) // it stays ours each time
	regular, err := os.Create(f.path("file"))
	if err != nil {
		t.Fatal(err)
	}
	defer regular.Close()
	for name, src := range map[string]Source{
		"not a pipe":    {FD: int(regular.Fd()), Path: f.path("a.log")},
		"relative path": {FD: r, Path: "a.log"},
		"a folder":      {FD: r, Path: f.dir},
		"no folder":     {FD: r, Path: f.path("file/a.log")},
		"bad format":    {FD: r, Path: f.path("a.log"), Stamp: "\n"},
	} {
		if _, err := f.Add(f.context(), src); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := unix.FcntlInt(uintptr(r), unix.F_GETFD, 0); err != nil {
		t.Error("a refused descriptor was closed:", err)
	}
}

// Of sources that are added together all are read, or none.
func TestAddAllOrNone(t *testing.T) {
	t.Parallel()
	f := start(t)
	r, w := pipe(t)
	good := Source{FD: r, Path: f.path("a.log")}
	if _, err := f.Add(f.context(), good, Source{FD: r, Path: f.dir}); err == nil {
		t.Fatal("a folder was accepted as a file")
	}
	list, err := f.Add(f.context(), good) // it was given back
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("line\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	receive(t, list[0].Done())
	if got, err := os.ReadFile(f.path("a.log")); err != nil || string(got) != "line\n" {
		t.Errorf("the file has %q, %v", got, err)
	}
}

func TestFairness(t *testing.T) {
	t.Parallel()
	f := start(t)
	flood := f.stream("flood.log", "")
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		text := strings.Repeat("flood\n", 10_000)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := io.WriteString(flood.w, text); err != nil {
				return
			}
		}
	}()
	quiet := f.stream("quiet.log", "")
	for range 20 {
		quiet.write("line\n")
		quiet.sync()
	}
	close(stop)
	receive(t, done)
	f.want("quiet.log", strings.Repeat("line\n", 20))
}

// Not parallel: it counts the descriptors of the process.
func TestNothingIsLeft(t *testing.T) {
	count := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	t.Run("first", useAndLeave) // brings the runtime's own descriptors
	before := count()
	t.Run("second", useAndLeave)
	if after := count(); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func useAndLeave(t *testing.T) {
	f := start(t)
	for range 50 {
		a, b := f.stream("a.log", ""), f.stream("b.log", "YYYY")
		a.write("line\npart")
		b.write("line\n")
		a.finish()
		b.in.Close()
		receive(t, b.in.Done())
		b.w.Close()
	}
	follower := f.Follow(f.path("a.log"), 0)
	if _, err := follower.Next(f.context()); err != nil {
		t.Fatal(err)
	}
	follower.Close()
	follower.Close()
	f.stream("open.log", "").write("still open")
	f.topics.mu.Lock()
	defer f.topics.mu.Unlock()
	if n := len(f.topics.byPath); n > 1 {
		t.Errorf("%d topics are left, want the one of open.log", n)
	}
}

func TestCallsOnAClosedLoop(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.stream("out.log", "")
	f.Close()
	receive(t, s.in.Done())
	if err := s.in.Sync(f.context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Sync: %v", err)
	}
	if err := f.Truncate(f.context(), f.path("out.log")); !errors.Is(err, ErrClosed) {
		t.Errorf("Truncate: %v", err)
	}
	r, _ := pipe(t)
	defer unix.Close(r)
	if _, err := f.Add(f.context(), Source{FD: r}); !errors.Is(err, ErrClosed) {
		t.Errorf("Add: %v", err)
	}
}
