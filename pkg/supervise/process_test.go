package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// A grandchild that has left its parent, its group and its session still
// belongs to the app, and a stop is over only when it is gone.
func TestStopEndsWhatHasLeftTheTree(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grandchild string
		timeout    time.Duration
	}{
		"obeys":          {"exec sleep 1000", deadline},
		"ignores":        {`trap "" TERM; exec sleep 1000`, 50 * time.Millisecond},
		"kill at once":   {`trap "" TERM; exec sleep 1000`, 0},
		"breeds at TERM": {`trap "setsid sleep 1000 & exit" TERM; while :; do sleep 0.01; done`, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			word, said := r.fifo("pid")
			i := r.one(r.app("app",
				"(setsid sh -c 'echo $$ >"+word+"; "+c.grandchild+"' &); echo up; exec sleep 1000",
				func(s *spec.Spec) { s.KillTimeout = spec.Duration(c.timeout) }))
			grandchild, err := strconv.Atoi(said())
			if err != nil {
				t.Fatal(err)
			}
			if sid, err := unix.Getsid(grandchild); err != nil || sid == i.Status().PID {
				t.Fatalf("the grandchild's session is %d: %v", sid, err)
			}
			r.act(i, "stop")
			if runs(grandchild) {
				t.Error("the grandchild runs on")
			}
			if left := r.marked(i.UUID); len(left) > 0 {
				t.Errorf("processes with the app's mark are left: %v", left)
			}
		})
	}
}

// marked are the running processes that carry an instance's mark.
func (r *rig) marked(uuid string) (pids []int) {
	r.Helper()
	c, err := r.census(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	for _, m := range c.claimed[uuid] {
		if runs(m.pid) {
			pids = append(pids, m.pid)
		}
	}
	return pids
}

// A process that the app was told of but that is not its own is left alone.
func TestStopLeavesStrangersAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := r.one(r.app("other", idle))
	i := r.one(r.app("app", idle))
	r.act(i, "stop")
	if st := other.Status(); st.State != Online || !runs(st.PID) {
		t.Errorf("the other app is %s", st.State)
	}
}

func TestExitIsToldApart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, c := range map[string]struct{ script, end string }{
		"code":   {"exit 5", "exited with code 5"},
		"signal": {"kill -USR1 $$", "killed by SIGUSR1"},
	} {
		sub := r.Subscribe()
		i := r.one(r.app(name, "echo up; read x; "+c.script, func(s *spec.Spec) { s.Autorestart = false }))
		r.say(i.Status().PID, "go")
		r.event(sub, "stopped")
		sub.Close()
		if st := i.Status(); st.State != Stopped || st.LastEnd != c.end || st.PID != 0 {
			t.Errorf("%s: %s, %q", name, st.State, st.LastEnd)
		}
	}
}

// The answer to a start of an app that dies at once has its last words.
func TestStartOfWhatDiesAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", "echo out; echo first >&2; printf 'no line break' >&2; exit 3", func(s *spec.Spec) {
		s.MinUptime, s.MaxRestarts = spec.Duration(deadline), 1
	})
	if err := os.WriteFile(s.ErrorFile, []byte("of an earlier life\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	pending, err := r.Start(Request{Spec: s, Base: base()})
	if err != nil {
		t.Fatal(err)
	}
	o := r.outcome(pending[0])
	if !o.Died || !strings.HasPrefix(o.Err, "exited with code 3") || o.Status.State != Errored {
		t.Errorf("got %+v, %s", o, o.Status.State)
	}
	if got := strings.Join(o.Stderr, "|"); got != "first|no line break" {
		t.Errorf("last words %q", got)
	}
}

func TestWhatCantBeExecuted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	plain := r.path("plain")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	program := func(path string) func(*spec.Spec) {
		return func(s *spec.Spec) { s.Interpreter, s.InterpreterArgs, s.Script = "none", nil, path }
	}
	for name, c := range map[string]struct {
		change func(*spec.Spec)
		says   string
	}{
		"no-bit":         {program(plain), "execute bit"},
		"no-program":     {program(r.path("none")), "no such file"},
		"no-folder":      {func(s *spec.Spec) { s.Cwd = r.path("none") }, "working directory"},
		"no-interpreter": {func(s *spec.Spec) { s.Interpreter = "no-such-thing" }, "not in PATH"},
		"no-log":         {func(s *spec.Spec) { s.OutFile = plain + "/x.log" }, "log file"},
	} {
		s := r.app(name, idle, c.change, func(s *spec.Spec) { s.MaxRestarts = 2 })
		pending, err := r.Start(Request{Spec: s, Base: base()})
		if err != nil {
			t.Fatal(err)
		}
		sub := r.Subscribe()
		o := r.outcome(pending[0])
		if !strings.Contains(o.Err, "could not be started") || !strings.Contains(o.Err, c.says) {
			t.Errorf("%s: %q does not say %q", name, o.Err, c.says)
		}
		// The restart policy goes on after the answer.
		for pending[0].Instance.Status().State != Errored {
			receive(t, sub.C)
		}
		sub.Close()
		if st := pending[0].Instance.Status(); st.Generation != 2 || st.Restarts != 1 {
			t.Errorf("%s: %d launches, %d restarts", name, st.Generation, st.Restarts)
		}
	}
}

func TestPidFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle, func(s *spec.Spec) { s.PidFile = r.path("new folder/app.pid") }))
	path := r.path("new folder/app-0.pid")
	for range 2 {
		text, err := os.ReadFile(path)
		if err != nil || string(text) != strconv.Itoa(i.Status().PID) {
			t.Errorf("the file holds %q: %v; the pid is %d", text, err, i.Status().PID)
		}
		r.act(i, "restart")
	}
	r.act(i, "stop")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the stop: %v", err)
	}
}

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sub := r.Subscribe()
	defer sub.Close()
	i := r.one(r.app("app", idle, func(s *spec.Spec) { s.MaxMemory = 1 }))
	small := r.one(r.app("small", idle, func(s *spec.Spec) { s.MaxMemory = 1 << 40 }))
	r.checkMemory()
	e := r.event(sub, "memory")
	if e.ID != i.ID || !strings.HasPrefix(e.Reason, "Script memory limit reached: ") || !strings.HasSuffix(e.Reason, "limit 1 bytes") {
		t.Errorf("got %+v", e)
	}
	r.event(sub, "online")
	if st := i.Status(); st.Restarts != 1 {
		t.Errorf("%d restarts", st.Restarts)
	}
	if st := small.Status(); st.Restarts != 0 || small.MemoryPeak() == 0 {
		t.Errorf("the other: %d restarts, peak %d", st.Restarts, small.MemoryPeak())
	}
}

// Not parallel, so that only its own descriptors, goroutines and children come
// and go.
func TestNothingIsLeft(t *testing.T) {
	r := newRig(t)
	empty := r.holdings()
	s := r.app("app", idle, func(s *spec.Spec) { s.IPC, s.Notify = true, true })
	i := r.one(s)
	r.act(i, "stop")
	before := r.holdings()
	if before.descriptors != empty.descriptors {
		t.Errorf("an app that is down has descriptors: %v, without it: %v", before, empty)
	}
	for range 100 {
		r.act(i, "start")
		r.act(i, "stop")
	}
	if after := r.holdings(); after != before {
		t.Errorf("after 100 starts and stops: %v, before: %v", after, before)
	}
	r.act(i, "delete")
	receiveClosed(t, i.gone)
	for range 10 {
		i := r.start(s)[0]
		r.act(i, "delete")
		receiveClosed(t, i.gone)
	}
	if after := r.holdings(); after != empty {
		t.Errorf("after it was deleted: %v, before it was there: %v", after, empty)
	}
	if names := r.left(); len(names) > 0 {
		t.Errorf("files are left: %v", names)
	}
}

// left are the files in the rig's folder that are no logs.
func (r *rig) left() (names []string) {
	r.Helper()
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		r.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".log") {
			names = append(names, e.Name())
		}
	}
	return names
}

// holdings is how much of what a process has is in use.
type holdings struct{ descriptors, goroutines, children int }

// holdings counts when all that is on its way has come to its end: the loops
// have had a turn, and goroutines that look at /proc have looked. What comes and
// goes, such as the goroutine of a look, only adds, so that the least counts.
func (r *rig) holdings() holdings {
	r.Helper()
	least := holdings{math.MaxInt, math.MaxInt, math.MaxInt}
	for same := 0; same < 20; same++ {
		turn := make(chan struct{}, 2)
		r.Loop.Post(func() { turn <- struct{}{} })
		receive(r, turn)
		if _, err := r.census(r.Context()); err != nil {
			r.Fatal(err)
		}
		runtime.Gosched()
		now := holdings{
			min(least.descriptors, entries(r, "/proc/self/fd")), min(least.goroutines, runtime.NumGoroutine()), min(least.children, children(r)),
		}
		if now != least {
			same, least = 0, now
		}
	}
	return least
}

func entries(t testing.TB, dir string) int {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func children(t testing.TB) (n int) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		list, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%s/children", task.Name()))
		if err == nil { // a thread may have ended
			n += len(strings.Fields(string(list)))
		}
	}
	return n
}

func receiveClosed(t testing.TB, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(deadline):
		t.Fatalf("not over within %v", deadline)
	}
}

// Who is told that an app is down finds its last words in the log, even a line
// without an end whose pipe somebody else still holds open.
func TestLastWordsAreInTheLog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, action := range []string{"stop", "delete"} {
		s := r.app(action, "trap 'printf bye; exit 0' TERM; echo up; while :; do read x; done")
		i := r.one(s)
		pipe, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/1", i.Status().PID), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer pipe.Close()
		r.act(i, action)
		if text, err := os.ReadFile(s.LogPath(s.OutFile, 0)); err != nil || !strings.HasSuffix(string(text), "bye") {
			t.Errorf("%s: the log holds %q: %v", action, text, err)
		}
	}
}

// A new interval holds at once, also for a look that is due in an hour.
func TestMemoryInterval(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sub := r.Subscribe()
	defer sub.Close()
	r.SetMemoryInterval(time.Minute)
	r.SetMemoryInterval(time.Hour)
	i := r.one(r.app("app", idle, func(s *spec.Spec) { s.MaxMemory = 1 }))
	r.SetMemoryInterval(time.Minute)
	r.SetMemoryInterval(time.Millisecond)
	if e := r.event(sub, "memory"); e.ID != i.ID {
		t.Errorf("%+v", e)
	}
}

// A launch that hangs between its fork and its exec, on a dead file system, does
// not hold up those of other apps.
func TestLaunchBesideOneThatHangs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	release := takeTurn(r.forking)
	r.one(r.app("app", idle))
	release()
}
