package supervise

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// descriptor is one open file of a process, as /proc tells it.
type descriptor struct {
	link  string
	flags int
}

func descriptorsOf(t testing.TB, pid int) map[int]descriptor {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d", pid)
	entries, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[int]descriptor)
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		link, err := os.Readlink(filepath.Join(dir, "fd", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.ReadFile(filepath.Join(dir, "fdinfo", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(info), "flags:")
		flags, err := strconv.ParseInt(strings.Fields(rest)[0], 8, 32)
		if err != nil {
			t.Fatal(err)
		}
		found[n] = descriptor{link, int(flags)}
	}
	return found
}

func TestChildDescriptors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, c := range map[string]struct {
		script string
		change func(*spec.Spec)
		kinds  []string
	}{
		"plain":   {idle, func(*spec.Spec) {}, []string{"pipe", "pipe", "pipe"}},
		"channel": {idle, func(s *spec.Spec) { s.IPC = true }, []string{"pipe", "pipe", "pipe", "socket", "socket"}},
		// There is nothing to wait for on /dev/null.
		"null": {"echo up; kill -STOP $$", func(s *spec.Spec) { s.NullStdin, s.KillTimeout = true, 0 }, []string{"/dev/null", "pipe", "pipe"}},
	} {
		i := r.one(r.app(name, c.script, c.change))
		got := descriptorsOf(t, i.Status().PID)
		if len(got) != len(c.kinds) {
			t.Errorf("%s: descriptors %v, want %v", name, got, c.kinds)
			continue
		}
		for n, kind := range c.kinds {
			d := got[n]
			if !strings.HasPrefix(d.link, kind) {
				t.Errorf("%s: descriptor %d is %s, want a %s", name, n, d.link, kind)
			}
			if d.flags&unix.O_ACCMODE != unix.O_RDWR {
				t.Errorf("%s: descriptor %d is not open in both directions: flags %o", name, n, d.flags)
			}
			if kind == "pipe" && d.flags&unix.O_NONBLOCK != 0 {
				t.Errorf("%s: descriptor %d does not block: flags %o", name, n, d.flags)
			}
		}
	}
}

// The daemon's death closes the read ends of all pipes. An app that writes on
// gets neither SIGPIPE nor EPIPE, and does not block before its pipe is full.
func TestAppOutlivesItsReader(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("done")
	i := r.one(r.app("writer", `echo up; read x
		n=0; while [ $n -lt 500 ]; do echo "line $n" || exit 3; echo "line $n" >&2 || exit 3; n=$((n+1)); done
		(echo done >`+word+`); read x`))
	r.Logs.Close()
	if err := receive(t, r.logsDone); err != nil {
		t.Fatal(err)
	}
	r.logsDone <- nil // for the end of the test
	pid := i.Status().PID
	r.say(pid, "go on")
	said()
	if st := i.Status(); st.PID != pid || st.State != Online || st.Restarts != 0 {
		t.Errorf("the app is %s, pid %d, %d restarts", st.State, st.PID, st.Restarts)
	}
	// What it wrote waits for the next daemon.
	for n := 1; n <= 2; n++ {
		pipe, err := os.Open(fmt.Sprintf("/proc/%d/fd/%d", pid, n))
		if err != nil {
			t.Fatal(err)
		}
		defer pipe.Close()
		if err := pipe.SetReadDeadline(time.Now().Add(deadline)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 64<<10)
		got, err := pipe.Read(buf)
		if text := string(buf[:got]); err != nil || !strings.HasPrefix(text, "line 0\n") || !strings.HasSuffix(text, "line 499\n") {
			t.Errorf("descriptor %d holds %d bytes: %v", n, got, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("OF_THE_DAEMON", "must not leak") // hence not parallel
	r := newRig(t)
	s := r.app("env", idle, func(s *spec.Spec) {
		s.Env = map[string]string{"BOTH": "file", "ONLY_FILE": "1", "namespace": "file wins"}
		s.InstanceVar, s.Instances = "SLOT", 2
	})
	vars := []string{"BOTH=base", "ONLY_BASE=a=b", "EMPTY=", "HUB_HOME=/another", "name=another", "PWD=/another", "SLOT=9"}
	for _, name := range private {
		vars = append(vars, name+"=inherited")
	}
	list := r.start(s, vars...)
	for n, i := range list {
		want := map[string]string{
			"PATH": "/usr/bin:/bin", "BOTH": "file", "ONLY_BASE": "a=b", "EMPTY": "", "ONLY_FILE": "1",
			"HUB_HOME": r.Home, "PWD": s.Cwd, "pm_id": strconv.Itoa(i.ID), "name": "env", "namespace": "file wins",
			"unique_id": i.UUID, "SLOT": strconv.Itoa(n), markVar: r.HomeID + ":" + i.UUID + ":1",
		}
		if got := environ(t, i.Status().PID); !maps.Equal(got, want) {
			t.Errorf("instance %d: got %v\nwant %v", n, got, want)
		}
	}
	r.act(list[0], "restart")
	if mark := environ(t, list[0].Status().PID)[markVar]; !strings.HasSuffix(mark, ":2") {
		t.Errorf("the mark of the second launch is %s", mark)
	}
}

func TestEnvironmentNamesTheWires(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("wires", idle, func(s *spec.Spec) { s.IPC, s.Notify = true, true }),
		"NODE_CHANNEL_FD=77", "NOTIFY_SOCKET=/of/the/caller")
	got := environ(t, i.Status().PID)
	for name, want := range map[string]string{
		"NODE_CHANNEL_FD": "3", "NODE_CHANNEL_SERIALIZATION_MODE": "json", "NOTIFY_SOCKET": r.path(i.UUID + ".1.notify"),
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// Python writes at once, unless somebody has said something about it.
func TestEnvironmentOfPython(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	python := filepath.Join(r.Home, "python3")
	if err := os.Symlink("/bin/sh", python); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		base string
		file map[string]string
	}{
		"1": {"A=1", nil}, "": {unbufferedVar + "=", nil}, "file": {unbufferedVar + "=base", map[string]string{unbufferedVar: "file"}},
	} {
		i := r.one(r.app("python"+want, idle, func(s *spec.Spec) { s.Interpreter, s.Env = python, c.file }), c.base)
		if got, ok := environ(t, i.Status().PID)[unbufferedVar]; !ok || got != want {
			t.Errorf("%s is %q, want %q", unbufferedVar, got, want)
		}
	}
	i := r.one(r.app("shell", idle))
	if got, ok := environ(t, i.Status().PID)[unbufferedVar]; ok {
		t.Errorf("a shell script has it too: %q", got)
	}
}

// A start with the same name keeps the environment of the first one, unless it
// is told to replace it.
func TestEnvironmentIsKeptAndReplaced(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("env", idle)
	i := r.start(s, "WHEN=first")[0]
	want := func(when string) {
		t.Helper()
		if got := environ(t, i.Status().PID)["WHEN"]; got != when {
			t.Errorf("WHEN is %q, want %q", got, when)
		}
	}
	want("first")
	r.start(s, "WHEN=second")
	want("first")
	r.request(Request{Spec: s, Base: base("WHEN=third"), UpdateEnv: true, Existing: Restart})
	want("third")
	i.ReplaceEnv(base("WHEN=fourth"))
	want("third") // as long as it runs
	r.act(i, "restart")
	want("fourth")
	if vars := i.BaseEnv().Vars; !slices.Contains(vars, "WHEN=fourth") {
		t.Errorf("the base is %v", vars)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	waits := func(s *spec.Spec) {
		s.WaitReady, s.ListenTimeout = true, spec.Duration(deadline)
	}
	byChannel := func(s *spec.Spec) { s.IPC = true }
	bySocket := func(s *spec.Spec) { s.Notify = true }
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := func(s *spec.Spec) {
		s.Interpreter, s.InterpreterArgs, s.Script = "none", nil, exe
		s.Env = map[string]string{childMode: "ready"}
	}
	for name, s := range map[string]*spec.Spec{
		"shell, channel": r.app("a", `printf '"ready"\n' >&3; read x`, waits, byChannel),
		"Go, channel":    r.app("b", "", waits, byChannel, program),
		"Go, socket":     r.app("c", "", waits, bySocket, program),
		"Go, both":       r.app("d", "", waits, byChannel, bySocket, program),
	} {
		if st := r.start(s)[0].Status(); st.State != Online || st.NotReady {
			t.Errorf("%s: %s, not ready: %v", name, st.State, st.NotReady)
		}
	}
}

func TestNotReadyInTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	late := func(s *spec.Spec) {
		s.WaitReady, s.IPC, s.ListenTimeout = true, true, spec.Duration(20*time.Millisecond)
	}
	pending, err := r.Start(Request{Spec: r.app("warn", "read x; printf '\"ready\"\\n' >&3; read x", late), Base: base()})
	if err != nil {
		t.Fatal(err)
	}
	o := r.outcome(pending[0])
	if o.Err != "" || len(o.Warnings) != 1 || !o.Status.NotReady || o.Status.State != Online {
		t.Fatalf("warn: %+v, %+v", o, o.Status)
	}
	sub := r.Subscribe()
	defer sub.Close()
	r.say(o.Status.PID, "now")
	r.event(sub, "ready")
	pending, err = r.Start(Request{Spec: r.app("fail", idle, late, func(s *spec.Spec) {
		s.OnListenTimeout, s.MaxRestarts = "fail", 1
	}), Base: base()})
	if err != nil {
		t.Fatal(err)
	}
	if o := r.outcome(pending[0]); !strings.Contains(o.Err, "not ready within listen_timeout") || o.Status.State != Errored {
		t.Errorf("fail: %+v, %s", o, o.Status.State)
	}
}

// A client that is gone while its question waits leaves nothing that two write.
func TestEnvironmentForAClientThatIsGone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		if vars, err := i.Environment(ctx); err != nil && vars != nil {
			t.Fatalf("%d variables with %v", len(vars), err)
		}
	}
}
