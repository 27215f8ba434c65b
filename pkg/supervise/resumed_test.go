package supervise

import (
	"os"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// What the app has put in the place of its streams is not opened: it would take
// what is meant for somebody else. The rest of it is taken over.
func TestResumeLeavesWhatTheAppHasReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ redirect, want string }{
		"file":       {"exec >elsewhere", "the app has put something else in its place"},
		"other pipe": {"exec <>fifo >&0", "the app has put another pipe in its place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.fifo("fifo")
			s := r.app("app", "echo up; "+c.redirect+"; sh -c 'echo up >&2'; exec sleep 1000", func(s *spec.Spec) { s.Cwd = r.dir })
			i := r.one(s)
			r.line(s.LogPath(s.ErrorFile, 0), "up")
			r.die()
			pid := i.Status().PID
			n, err := r.successor()
			if err == nil || !strings.Contains(err.Error(), "app (id 0)") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if st := n.only().Status(); st.State != Online || st.PID != pid {
				t.Errorf("%+v", st)
			}
			n.act(n.only(), "stop")
		})
	}
}

// A pipe that the app has under another number is found: a shell moves it for a
// moment with each redirection.
func TestResumeFindsWhatTheAppHasMoved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", `echo up; exec 7>&1 >elsewhere; sh -c 'echo moved >&2'; while read x; do echo "$x" >&7; done`)
	i := r.one(s)
	r.line(s.LogPath(s.ErrorFile, 0), "moved")
	r.die()
	n := r.next()
	n.say(i.Status().PID, "still heard")
	n.line(s.LogPath(s.OutFile, 0), "still heard")
}

// A held descriptor is used as it is, whatever the app has in that place now: what
// it wrote before must not be lost.
func TestResumeReadsHeldPipes(t *testing.T) {
	t.Parallel()
	r := newKeptRig(t, newHolder(t))
	s := r.app("app", `echo up; read x; echo "$x"; exec >elsewhere; echo done >&2; read x`)
	i := r.one(s)
	r.die()
	r.say(i.Status().PID, "before it went elsewhere")
	n := r.next()
	n.line(s.LogPath(s.OutFile, 0), "before it went elsewhere")
	n.line(s.LogPath(s.ErrorFile, 0), "done")
}

// A keeper that holds nothing, as one that is new, gets what was opened anew.
func TestResumeGivesToTheKeeper(t *testing.T) {
	t.Parallel()
	k := newHolder(t)
	r := newKeptRig(t, k)
	s := r.app("app", echo, func(s *spec.Spec) { s.IPC, s.Notify = true, true })
	i := r.one(s)
	r.die()
	k.Release(i.key(1))
	n := r.next()
	if got := k.names(i.key(1)); got != "channel err notify out pidfd" {
		t.Errorf("held is %q", got)
	}
	if h := k.hand(); len(h) != 1 || h[0].PID != i.Status().PID {
		t.Errorf("held is %+v", h)
	} else {
		for _, f := range h[0].Files {
			closeFD(f.FD)
		}
	}
	n.act(n.only(), "stop")
	if got := k.names(i.key(1)); got != "" {
		t.Errorf("held is %q after the stop", got)
	}
}

// Messages that an app sends while no daemon runs, and afterwards, arrive.
func TestResumeChannel(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		s := r.app("app", `echo up; while read x; do echo "$x" >&3; done`, func(s *spec.Spec) { s.IPC = true })
		pid := r.one(s).Status().PID
		r.die()
		n := r.next()
		sub := n.Subscribe()
		defer sub.Close()
		for _, msg := range []string{`{"n":1}`, `{"n":2}`} {
			n.say(pid, msg)
			if e := n.event(sub, "message"); e.Reason != msg || e.PID != pid {
				r.Errorf("%+v", e)
			}
		}
		if got := descriptorsOf(r, pid)[firstSocket].link; !strings.HasPrefix(got, "socket:") {
			r.Errorf("the app's channel is %s", got)
		}
	})
}

// An app that was not ready when its daemon died says so to the next one: over the
// channel, or by sd_notify, to the same path.
func TestResumeReady(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*spec.Spec){
		"ipc":    func(s *spec.Spec) { s.IPC, s.Script = true, `echo up; read x; echo '"ready"' >&3; read x` },
		"notify": func(s *spec.Spec) { s.Notify, s.Script = true, `echo up; read x; `+childMode+`=ready exec `+self },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept(t, func(r *rig) {
				s := r.app("app", "", func(s *spec.Spec) { s.WaitReady, s.ListenTimeout = true, spec.Duration(deadline) }, change)
				pending, err := r.Start(Request{Spec: s, Base: base()})
				if err != nil {
					r.Fatal(err)
				}
				r.recorded(pending[0].Instance.UUID, func(rec Record) bool { return rec.Process != nil })
				pid := pending[0].Instance.Status().PID
				r.die()
				n := r.next()
				i := n.only()
				if st := i.Status(); st.State != Launching || st.PID != pid {
					r.Fatalf("%+v", st)
				}
				sub := n.Subscribe()
				defer sub.Close()
				n.say(pid, "be ready")
				n.event(sub, "online")
				if st := i.Status(); st.PID != pid || st.NotReady {
					r.Errorf("%+v", st)
				}
			})
		})
	}
}

// Processes that a launch has left behind are read on, to the end of their pipe.
func TestResumeEarlierLaunch(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		in := r.path("in")
		if err := unix.Mkfifo(in, 0o600); err != nil {
			r.Fatal(err)
		}
		script := `if mkdir first; then (while read x; do echo "$x"; done <>in) & fi; echo up; read x; exit 0`
		s := r.app("app", script, func(s *spec.Spec) { s.Autorestart = false })
		i := r.one(s)
		r.act(r.one(r.app("other", idle)), "stop") // knows of no such thing
		sub := r.Subscribe()
		defer sub.Close()
		r.say(i.Status().PID, "end")
		r.event(sub, "stopped")
		again, err := i.Act("start", "test")
		if err != nil {
			r.Fatal(err)
		}
		if o := r.outcome(again); o.Err != "" {
			r.Fatal(o.Err)
		}
		r.die()
		n := r.next()
		f, err := os.OpenFile(in, os.O_RDWR, 0)
		if err != nil {
			r.Fatal(err)
		}
		defer f.Close()
		for _, line := range []string{"one\n", "two\n"} {
			if _, err := f.WriteString(line); err != nil {
				r.Fatal(err)
			}
			n.line(s.LogPath(s.OutFile, 0), strings.TrimSpace(line))
		}
		n.act(n.byUUID(i.UUID), "stop")
		if left := n.marked(i.UUID); len(left) > 0 {
			r.Errorf("after the stop there is %v", left)
		}
	})
}

func TestTakeFile(t *testing.T) {
	t.Parallel()
	h := &keeper.Held{Files: []keeper.File{{Name: keeper.Out, FD: 7}, {Name: keeper.Err, FD: 8}}}
	if fd := fileOf(h, keeper.Err); fd != 8 {
		t.Errorf("fileOf: %d", fd)
	}
	if one, again := takeFile(h, keeper.Err), takeFile(h, keeper.Err); one != 8 || again != -1 {
		t.Errorf("taken: %d, then %d", one, again)
	}
	if fd := takeFile(nil, keeper.Out); fd != -1 {
		t.Errorf("of nothing: %d", fd)
	}
}
