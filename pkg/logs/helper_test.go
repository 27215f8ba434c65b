package logs

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// deadline is for things that happen at once unless something is broken.
const deadline = 10 * time.Second

// fixture is a running loop with a folder of its own.
type fixture struct {
	testing.TB
	*Loop
	dir string
	log *logged
}

// start runs a loop until the test ends; prepare may change it before.
func start(t testing.TB, prepare ...func(*Loop)) *fixture {
	t.Helper()
	return startIn(t, t.TempDir(), "", prepare...)
}

// startIn is start with a folder and a journal.
func startIn(t testing.TB, dir, journal string, prepare ...func(*Loop)) *fixture {
	t.Helper()
	f := &fixture{TB: t, dir: dir, log: &logged{}}
	var err error
	if f.Loop, err = New(slog.New(slog.NewTextHandler(f.log, nil)), journal); err != nil {
		t.Fatal(err)
	}
	for _, p := range prepare {
		p(f.Loop)
	}
	done := make(chan error, 1)
	go func() { done <- f.Run(context.Background()) }()
	t.Cleanup(func() {
		f.Close()
		if err := receive(t, done); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) path(name string) string { return filepath.Join(f.dir, name) }

// stream is the writing end of a pipe that the loop reads.
type stream struct {
	f   *fixture
	in  *Intake
	w   *os.File
	src Source
}

// stream adds a source that writes to the file called name.
func (f *fixture) stream(name, stamp string) *stream {
	f.Helper()
	return f.source(Source{Path: name, Stamp: stamp})
}

// source adds a source whose paths are names in the fixture's folder.
func (f *fixture) source(src Source) *stream {
	f.Helper()
	r, w := pipe(f)
	for _, path := range []*string{&src.Path, &src.Combined} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = f.path(*path)
		}
	}
	src.FD, src.Name = r, "test "+src.Path
	list, err := f.Add(f.context(), src)
	if err != nil {
		unix.Close(r)
		f.Fatal(err)
	}
	return &stream{f, list[0], w, src}
}

func (s *stream) write(text string) {
	s.f.Helper()
	if _, err := s.w.WriteString(text); err != nil {
		s.f.Fatal(err)
	}
}

func (s *stream) sync() {
	s.f.Helper()
	if err := s.in.Sync(s.f.context()); err != nil {
		s.f.Fatal(err)
	}
}

// finish closes the writing end and waits for the end of file.
func (s *stream) finish() {
	s.f.Helper()
	s.w.Close()
	receive(s.f, s.in.Done())
}

func (f *fixture) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	f.Cleanup(cancel)
	return ctx
}

func (f *fixture) read(name string) string {
	f.Helper()
	b, err := os.ReadFile(f.path(name))
	if err != nil {
		f.Fatal(err)
	}
	return string(b)
}

func (f *fixture) want(name, text string) {
	f.Helper()
	if got := f.read(name); got != text {
		f.Fatalf("%s holds\n%s\nwant\n%s", name, abridge(got), abridge(text))
	}
}

// until waits for the file to hold what ok wants.
func (f *fixture) until(name string, ok func(text string) bool) string {
	f.Helper()
	t := f.topics.acquire(f.path(name))
	defer f.topics.release(t)
	changed := t.subscribe()
	defer t.unsubscribe(changed)
	ctx := f.context()
	for {
		b, _ := os.ReadFile(f.path(name))
		if ok(string(b)) {
			return string(b)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			f.Fatalf("%s holds %s after %v", name, abridge(string(b)), deadline)
		}
	}
}

func (f *fixture) untilIs(name, text string) {
	f.Helper()
	f.until(name, func(got string) bool { return got == text })
}

// pipe returns a non-blocking read end, which is the caller's to give away, and
// a write end that is closed with the test.
func pipe(t testing.TB) (r int, w *os.File) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(p[0], true); err != nil {
		t.Fatal(err)
	}
	w = os.NewFile(uintptr(p[1]), "write end")
	t.Cleanup(func() { w.Close() })
	return p[0], w
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

func abridge(s string) string {
	if len(s) > 600 {
		return s[:300] + " … " + s[len(s)-300:]
	}
	return s
}

// logged collects the loop's own messages.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *logged) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *logged) count(what string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), what)
}
