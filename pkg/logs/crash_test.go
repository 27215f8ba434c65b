package logs

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A crash ends the goroutine of a loop at one of the points around a write or a
// take, as a kill would: what comes after it is another loop with the same
// pipes and the same journal. So every point can be met, in every scenario.
type crash struct {
	at   int // points until then
	died chan struct{}
}

// point ends the goroutine when its time has come.
func (c *crash) point(last func()) {
	if c.at--; c.at == 0 {
		last()
		close(c.died)
		runtime.Goexit()
	}
}

func (c *crash) prepare(l *Loop) {
	nothing := func() {}
	write, take := l.write, l.take
	l.write = func(fd int, b []byte) (int, error) {
		c.point(nothing)
		c.point(func() { _, _ = write(fd, b[:len(b)/2]) })
		n, err := write(fd, b)
		c.point(nothing)
		return n, err
	}
	l.take = func(fd, n int, last []byte) error {
		c.point(nothing)
		err := take(fd, n, last)
		c.point(nothing)
		return err
	}
}

// op is something that happens to the streams of a scenario.
type op struct {
	stream int
	text   string // "": the stream ends
}

type scenario struct {
	sources []Source // with file names
	ops     []op
}

// life is the loops of a scenario, one after another.
type life struct {
	testing.TB
	dir     string
	sources []Source
	pipes   []int // read ends, as a keeper holds them
	loop    *Loop
	crash   *crash
	list    []*Intake
}

func (l *life) begin(at int) {
	l.Helper()
	var err error
	if l.loop, err = New(slog.New(slog.DiscardHandler), filepath.Join(l.dir, "journal")); err != nil {
		l.Fatal(err)
	}
	l.loop.timing = timing{partial: 0, open: time.Hour, retry: time.Hour}
	l.crash = &crash{at: at, died: make(chan struct{})}
	l.crash.prepare(l.loop)
	go func() { _ = l.loop.Run(context.Background()) }()
	l.list = nil
	for i, src := range l.sources {
		if src.FD, err = unix.FcntlInt(uintptr(l.pipes[i]), unix.F_DUPFD_CLOEXEC, 0); err != nil {
			l.Fatal(err)
		}
		list, err := l.loop.Add(l.context(), src)
		if l.crashed() {
			return
		}
		if err != nil {
			l.Fatal(err)
		}
		l.list = append(l.list, list...)
	}
	if err := l.loop.Adopted(l.context()); err != nil && !l.crashed() {
		l.Fatal(err)
	}
}

// context is done with the loop.
func (l *life) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	l.Cleanup(cancel)
	died := l.crash.died
	go func() {
		select {
		case <-died:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx
}

func (l *life) crashed() bool {
	select {
	case <-l.crash.died:
		return true
	default:
		return false
	}
}

// bury closes what the kernel closes when a process is killed.
func (l *life) bury() {
	for in := range l.loop.intakes {
		in.ended = true
		in.alarm.stop()
		in.watch.Remove()
		unix.Close(in.fd)
	}
	for _, s := range l.loop.sinks {
		s.alarm.stop()
		unix.Close(s.fd)
	}
	l.loop.Close()
	_ = l.loop.loop.Run(context.Background())
	l.loop.tap.close()
	l.loop.journal.close()
}

// play runs a scenario with a crash in each loop after that many points, and
// returns what is in its files then, and how many crashes there were.
func (s scenario) play(t *testing.T, crashes ...int) (map[string]string, int) {
	t.Helper()
	l := &life{TB: t, dir: t.TempDir()}
	var writers []*os.File
	for _, src := range s.sources {
		r, w := pipe(t)
		defer unix.Close(r)
		writers, l.pipes = append(writers, w), append(l.pipes, r)
		for _, path := range []*string{&src.Path, &src.Combined} {
			if *path != "" {
				*path = filepath.Join(l.dir, *path)
			}
		}
		l.sources = append(l.sources, src)
	}
	next := func() int {
		if len(crashes) == 0 {
			return 0
		}
		at := crashes[0]
		crashes = crashes[1:]
		return at
	}
	died := 0
	l.begin(next())
	// settled does f on the loop or, if that dies, on the next one.
	settled := func(f func() error) {
		for {
			if !l.crashed() {
				err := f()
				if err == nil && !l.crashed() {
					return
				}
				if !l.crashed() {
					t.Fatal(err)
				}
			}
			died++
			l.bury()
			l.begin(next())
		}
	}
	for _, o := range s.ops {
		if o.text == "" {
			writers[o.stream].Close()
			settled(func() error { // later loops find its end again
				select {
				case <-l.list[o.stream].Done():
				case <-l.crash.died:
				}
				return nil
			})
			continue
		}
		if _, err := writers[o.stream].WriteString(o.text); err != nil {
			t.Fatal(err)
		}
		settled(func() error { return l.list[o.stream].Sync(l.context()) })
	}
	l.loop.Close()
	files := make(map[string]string)
	names, err := filepath.Glob(filepath.Join(l.dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(b)
	}
	return files, died
}

// Whenever a reader dies, the next one goes on so that the files are what they
// would be without a death, byte by byte.
func TestEveryPointOfDeath(t *testing.T) {
	t.Parallel()
	one := []op{{0, "one\ntwo\n"}, {0, "par"}, {0, "tial"}, {0, " line\nthree\nand"}, {0, "\n\n\n"}, {0, "last words"}, {0, ""}}
	long := []op{{0, strings.Repeat("long ", 12000)}, {0, strings.Repeat("x", 60000)}, {0, "end\nand one\nnext"}, {0, ""}}
	same := []op{{0, "y\ny\ny\n"}, {0, "y\ny\ny\n"}, {0, "y\n"}, {0, "y\n"}, {0, "\n\n"}, {0, "\n"}, {0, ""}}
	two := []op{{0, "a1\na2\n"}, {1, "b1\n"}, {0, "a3 be"}, {0, "gun"}, {0, " ended\n"}, {1, "b2"}, {1, "\n"}, {0, "a4"}, {0, ""}, {1, "b3\nb4"}, {1, ""}}
	for name, ops := range map[string][]op{"one": one, "long": long, "same": same, "two": two} {
		for form, src := range map[string]Source{
			"plain":   {},
			"stamped": {Stamp: "[T]"},
			"objects": {Stamp: "[T]", Object: &Object{Type: "out", App: "a"}},
		} {
			for _, files := range [][2]string{{"out.log", ""}, {"out.log", "all.log"}} {
				s := scenario{ops: ops}
				for i := range 2 {
					src.Path, src.Combined = files[0], files[1]
					if i == 1 && files[1] != "" {
						src.Path = "error.log"
					}
					src.Name = fmt.Sprint("stream ", i)
					s.sources = append(s.sources, src)
				}
				if name != "two" {
					s.sources = s.sources[:1]
				}
				t.Run(fmt.Sprintf("%s %s %s", name, form, strings.Join(files[:], "+")), func(t *testing.T) {
					t.Parallel()
					testDeaths(t, s)
				})
			}
		}
	}
}

func testDeaths(t *testing.T, s scenario) {
	want, _ := s.play(t)
	for at := 1; ; at++ {
		second := at % 4 // none, or soon after it
		got, died := s.play(t, at, second)
		for name := range want {
			if got[name] != want[name] {
				t.Fatalf("after deaths at %d and %d, %s holds\n%s\nwant\n%s", at, second, name, abridge(got[name]), abridge(want[name]))
			}
		}
		if died == 0 {
			return
		}
	}
}
