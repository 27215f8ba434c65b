package logs

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// readerMode makes the test binary a reader: it carries the descriptors from 3
// on to files. The variable holds its orders.
const readerMode = "HUB_LOGS_TEST_READER"

// orders are what a reader does.
type orders struct {
	Journal string
	Feeds   []feed
}

// feed is a Source without what can't be told another process.
type feed struct {
	FD                          int
	Path, Combined, Stamp, Name string
	Object                      *Object
}

func (f feed) source() Source {
	return Source{FD: f.FD, Path: f.Path, Combined: f.Combined, Stamp: f.Stamp, Name: f.Name, Object: f.Object}
}

func TestMain(m *testing.M) {
	if text := os.Getenv(readerMode); text != "" {
		if err := beReader(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func beReader(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	l, err := New(slog.Default(), o.Journal)
	if err != nil {
		return err
	}
	// Lines without an end are written soon, and nobody breaks them.
	l.timing.partial, l.timing.open = time.Millisecond, time.Hour
	ctx := context.Background()
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	var all []*Intake
	for _, f := range o.Feeds {
		if err := unix.SetNonblock(f.FD, true); err != nil {
			return err
		}
		list, err := l.Add(ctx, f.source())
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	if err := l.Adopted(ctx); err != nil {
		return err
	}
	fmt.Println("reading")
	for _, in := range all {
		<-in.Done()
	}
	l.Close()
	return <-ended
}

// A reader may be killed at any moment: every line is in its file exactly once,
// whole and in order.
func TestKilledReader(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]feed{
		"plain":    {Path: "out.log"},
		"stamped":  {Path: "out.log", Stamp: "[T]"},
		"objects":  {Path: "out.log", Stamp: "[T]", Object: &Object{Type: "out"}},
		"combined": {Path: "out.log", Combined: "all.log", Stamp: "[T]"},
	} {
		for _, streams := range []int{1, 2} {
			t.Run(fmt.Sprint(name, streams), func(t *testing.T) {
				t.Parallel()
				testKills(t, f, streams, 8)
			})
		}
	}
}

const burst = 200

// app writes numbered lines into a pipe until it is told to stop.
type app struct {
	r, w    *os.File      // r is held as a keeper does, so that the app gets no EPIPE
	more    chan struct{} // each lets it write burst lines
	stop    chan struct{}
	end     func() // closes stop
	written chan int
}

func startApp(t *testing.T, name string) *app {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	a := &app{
		r: r, w: w, more: make(chan struct{}), written: make(chan int, 1),
		stop: stop, end: sync.OnceFunc(func() { close(stop) }),
	}
	go a.run(name)
	t.Cleanup(func() {
		a.end()
		r.Close()
	})
	return a
}

// run writes most lines in two pieces, so that many a kill meets an open line.
func (a *app) run(name string) {
	defer a.w.Close()
	for n := 0; ; n++ {
		if n%burst == 0 {
			select {
			case <-a.stop:
				a.written <- n
				return
			case <-a.more:
			}
		}
		line := numbered(name, n)
		cut := n * 7 % len(line)
		_, _ = a.w.WriteString(line[:cut])
		_, _ = a.w.WriteString(line[cut:])
	}
}

// numbered is an app's line; a few are longer than a chunk, a few are alike.
func numbered(name string, n int) string {
	length := n % 50
	if n%997 == 0 {
		length = 2*chunkSize + n
	}
	return fmt.Sprintf("%s %d %s\n", name, n, strings.Repeat("!", length))
}

func testKills(t *testing.T, f feed, streams, kills int) {
	dir := t.TempDir()
	o := orders{Journal: filepath.Join(dir, "journal")}
	for _, path := range []*string{&f.Path, &f.Combined} {
		if *path != "" {
			*path = filepath.Join(dir, *path)
		}
	}
	var apps []*app
	var pipes []*os.File
	for i := range streams {
		a := startApp(t, fmt.Sprint("app", i))
		apps, pipes = append(apps, a), append(pipes, a.r)
		f.FD, f.Name = 3+i, fmt.Sprint("app", i)
		o.Feeds = append(o.Feeds, f)
	}
	for range kills {
		reader := startReader(t, o, pipes)
		for range rand.IntN(20) {
			send(t, apps[rand.IntN(streams)].more)
		}
		_ = reader.Process.Kill()
		_ = reader.Wait()
	}
	// The apps have said their last words before the last reader comes, as far as
	// the pipes have room for them.
	for _, a := range apps {
		a.end()
	}
	last := startReader(t, o, pipes)
	lines := make(map[string]int)
	for i, a := range apps {
		lines[fmt.Sprint("app", i)] = receive(t, a.written)
	}
	if err := last.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{f.Path, f.Combined} {
		if path != "" {
			checkNumbered(t, path, f, lines)
		}
	}
}

func send(t *testing.T, c chan<- struct{}) {
	t.Helper()
	select {
	case c <- struct{}{}:
	case <-time.After(deadline):
		t.Fatal("the app does not go on")
	}
}

func startReader(t *testing.T, o orders, pipes []*os.File) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), readerMode+"="+string(text), "GORACE=atexit_sleep_ms=0")
	cmd.ExtraFiles = pipes
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "reading\n" {
		t.Fatalf("the reader said %q, %v", line, err)
	}
	return cmd
}

// checkNumbered wants all lines of each app, once, in order and whole.
func checkNumbered(t *testing.T, path string, f feed, lines map[string]int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	texts := strings.SplitAfter(string(b), "\n")
	texts = texts[:len(texts)-1]
	if f.Object != nil {
		texts = messages(t, string(b))
		for i := range texts {
			texts[i] += "\n"
		}
	}
	next := make(map[string]int)
	for _, text := range texts {
		if f.Object == nil && f.Stamp != "" {
			text = strings.TrimPrefix(text, "T: ")
		}
		name, _, _ := strings.Cut(text, " ")
		if want := numbered(name, next[name]); text != want {
			t.Fatalf("%s: %q stands where %q belongs", filepath.Base(path), abridge(text), abridge(want))
		}
		next[name]++
	}
	for name, n := range lines {
		if next[name] != n {
			t.Errorf("%s: %d lines of %s, want %d", filepath.Base(path), next[name], name, n)
		}
	}
}
