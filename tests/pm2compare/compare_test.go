package pm2compare

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// none stands for a key that is not there.
const none = "none"

// difference is something in which the two differ: the exit code of a command, or
// the type of a key of jlist.
type difference struct{ what, pm2, hub string }

func (d difference) String() string {
	return fmt.Sprintf("%s: PM2 %s, hub %s", d.what, d.pm2, d.hub)
}

// findings gathers the differences of all sessions.
type findings struct {
	mu    sync.Mutex
	seen  map[difference]string // where it was first seen
	count int                   // commands that were compared
}

func (f *findings) add(d difference, where string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.seen[d]; !known {
		f.seen[d] = where
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	if pm2 == "" {
		t.Skip("HUB_PM2 is not set: it names PM2's program, from npm install --prefix DIR pm2@7.0.3")
	}
	f := &findings{seen: make(map[difference]string)}
	t.Run("sessions", func(t *testing.T) {
		for name, steps := range sessions() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f.session(t, steps)
			})
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("%d commands were compared", f.count)
	f.judge(t)
}

// judge compares what was found with what is intended.
func (f *findings) judge(t *testing.T) {
	t.Helper()
	intended := make(map[difference]bool)
	for _, i := range intentions() {
		for _, d := range i.differences() {
			intended[d] = true
			if _, seen := f.seen[d]; !seen {
				t.Errorf("this is in the list of intended differences, since %s, and does not differ so: %s", i.why, d)
			}
		}
	}
	for d, where := range f.seen {
		if !intended[d] {
			t.Errorf("%s\n\tfirst seen at %s", d, where)
		}
	}
}

// exitCodeOf is what a difference of a command's exit code is called.
func exitCodeOf(command string) string { return "exit code of " + command }

// session types the same commands on both sides, each in a folder and a home of
// its own, and compares what they leave.
func (f *findings) session(t *testing.T, steps []string) {
	ours, theirs := newSide(t, hubctl, folder(t)), newSide(t, pm2, folder(t))
	for _, step := range steps {
		args := words(step)
		var a, b ran
		var errA, errB error
		var both sync.WaitGroup
		both.Go(func() { a, errA = theirs.run(args...) })
		both.Go(func() { b, errB = ours.run(args...) })
		both.Wait()
		if errA != nil || errB != nil {
			t.Fatalf("%s: PM2: %v, hub: %v", step, errA, errB)
		}
		where := fmt.Sprintf("%q of %s", step, t.Name())
		f.mu.Lock()
		f.count++
		f.mu.Unlock()
		if a.code != b.code {
			said := fmt.Sprintf("%s\n\tPM2 said %q\n\thub said %q", where, tail(a), tail(b))
			f.add(difference{exitCodeOf(step), strconv.Itoa(a.code), strconv.Itoa(b.code)}, said)
		}
		if step == "jlist" {
			f.jlists(t, a.stdout, b.stdout, where)
		}
	}
}

// jlists compares two lists, process by process.
func (f *findings) jlists(t *testing.T, theirs, ours, where string) {
	t.Helper()
	a, errA := processes(theirs)
	b, errB := processes(ours)
	if errA != nil || errB != nil || len(a) != len(b) {
		t.Fatalf("PM2 has %d processes (%v), hub %d (%v), at %s", len(a), errA, len(b), errB, where)
	}
	for i := range a {
		typesA, typesB := types(a[i]), types(b[i])
		all := maps.Clone(typesA)
		maps.Copy(all, typesB)
		for key := range all {
			x, inA := typesA[key]
			y, inB := typesB[key]
			if !inA {
				x = none
			}
			if !inB {
				y = none
			}
			if x != y {
				f.add(difference{key, x, y}, where)
			}
		}
	}
}

// tail is the end of what a command said.
func tail(r ran) string {
	const most = 200
	text := strings.TrimSpace(r.stdout + "\n" + r.stderr)
	return text[max(0, len(text)-most):]
}

// words splits a command at spaces; an underscore stands for one in a word.
func words(step string) []string {
	args := strings.Fields(step)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "_", " ")
	}
	return args
}

// folder is a copy of testdata.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.sh", "crash.sh"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
