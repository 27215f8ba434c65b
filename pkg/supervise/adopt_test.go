package supervise

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// The next daemon has the same process, with all that is counted, and every line
// of it once. What it does from then on is as ever.
func TestAdopt(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		other := r.one(r.app("first", echo))
		s := r.app("app", echo, func(s *spec.Spec) { s.Instances, s.MergeLogs = 2, true })
		list := r.start(s)
		r.act(list[1], "restart")
		r.act(list[1], "restart")
		before := list[1].Status()
		r.act(other, "delete")
		r.die()
		r.say(before.PID, "while none ran")

		n := r.next()
		if got := n.numbers("app"); got != "1:0 2:1" {
			r.Errorf("ids and numbers: %s", got)
		}
		i := n.App("app")[1]
		st := i.Status()
		if i.UUID != list[1].UUID || st.PID != before.PID || st.State != Online || st.Want != Up || st.Restarts != 2 || st.Generation != 3 {
			r.Errorf("adopted: %+v", st)
		}
		if !st.LaunchedAt.Equal(before.LaunchedAt) || !st.CreatedAt.Equal(before.CreatedAt) {
			r.Errorf("launched at %v, created at %v; before %v, %v", st.LaunchedAt, st.CreatedAt, before.LaunchedAt, before.CreatedAt)
		}
		if !slices.Equal(st.Command, before.Command) || len(st.Command) == 0 || st.started != before.started {
			r.Errorf("command %q, started %d; before %q, %d", st.Command, st.started, before.Command, before.started)
		}
		path := s.LogPath(s.OutFile, 1)
		n.line(path, "while none ran")
		n.say(st.PID, "with the next")
		n.line(path, "with the next")
		if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "none ran") != 1 {
			r.Errorf("the log is %q: %v", text, err)
		}
		if data, err := os.ReadFile(s.PidPath(i.ID)); err != nil || strings.TrimSpace(string(data)) == "" {
			r.Errorf("pid file %q: %v", data, err)
		}
		n.act(i, "restart")
		if now := i.Status(); runs(before.PID) || now.Restarts != 3 || now.Generation != 4 || now.PID == before.PID {
			r.Errorf("restarted: %+v", now)
		}
		if more := n.start(n.app("more", idle))[0]; more.ID != 3 {
			r.Errorf("the next new one has id %d", more.ID)
		}
	})
}

// A daemon that was adopted from can be adopted from.
func TestAdoptAgain(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		s := r.app("app", echo, func(s *spec.Spec) { s.IPC, s.Notify = true, true })
		pid := r.one(s).Status().PID
		n := r
		for _, word := range []string{"one", "two", "three"} {
			n.die()
			n.say(pid, word)
			n = n.next()
			n.line(s.LogPath(s.OutFile, 0), word)
		}
		if st := n.only().Status(); st.PID != pid || st.Restarts != 0 {
			r.Errorf("%+v", st)
		}
		n.act(n.only(), "stop")
		if runs(pid) {
			r.Error("it runs on")
		}
	})
}

// What was down stays down.
func TestAdoptDown(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		stopped := r.one(r.app("stopped", idle))
		r.act(stopped, "stop")
		held := r.request(Request{Spec: r.app("held", idle), Base: base(), Hold: true})[0]
		failing := r.app("failing", "exit 3", func(s *spec.Spec) { s.MaxRestarts, s.MinUptime = 0, spec.Duration(time.Hour) })
		pending, err := r.Start(Request{Spec: failing, Base: base()})
		if err != nil {
			r.Fatal(err)
		}
		if o := r.outcome(pending[0]); o.Status.State != Errored {
			r.Fatalf("%+v", o)
		}
		r.die()
		n := r.next()
		for _, want := range []struct {
			uuid  string
			state State
			code  int
		}{{stopped.UUID, Stopped, 0}, {held.UUID, Stopped, 0}, {pending[0].Instance.UUID, Errored, 3}} {
			st := n.byUUID(want.uuid).Status()
			if st.State != want.state || st.Want != Down || st.PID != 0 {
				r.Errorf("adopted: %+v", st)
			}
			if want.code != 0 && (st.LastExit == nil || st.LastExit.Code != want.code) {
				r.Errorf("last exit %+v", st.LastExit)
			}
		}
		n.act(n.byUUID(held.UUID), "start")
		if st := n.byUUID(held.UUID).Status(); st.Generation != 1 || st.State != Online {
			r.Errorf("started: %+v", st)
		}
	})
}

// A restart that is due is awaited on; one that has come due meanwhile comes.
func TestAdoptWaiting(t *testing.T) {
	t.Parallel()
	for name, passed := range map[string]bool{"later": false, "meanwhile": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			sub := r.Subscribe()
			defer sub.Close()
			s := r.app("app", idle, func(s *spec.Spec) { s.RestartDelay = spec.Duration(time.Hour) })
			i := r.one(s)
			r.say(i.Status().PID, "end")
			r.event(sub, "waiting restart")
			r.die()
			n := r.next(func(l *left) {
				if due := l.list[0].Record.Due; passed {
					*due = time.Now()
				} else if left := time.Until(*due); left < 50*time.Minute || left > time.Hour {
					r.Errorf("due in %v", left)
				}
			})
			if passed {
				n.line(s.LogPath(s.OutFile, 0), "up")
			} else if st := n.only().Status(); st.State != Waiting || st.Delay < 50*time.Minute || st.Generation != 1 {
				r.Errorf("%+v", st)
			}
		})
	}
}

// stubborn does not end before it is told so, and tells of the kill signal.
const stubborn = `trap 'echo signalled' TERM; echo up; while :; do read x && exit 4; done`

// What was being ended is ended, and is not told twice: to many programs that
// means at once.
func TestAdoptEnding(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{"stop": "stopped down 0", "delete": "", "restart": "online up 1"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			kept(t, func(r *rig) {
				s := r.app("app", stubborn)
				i := r.one(s)
				if _, err := i.Act(action, "test"); err != nil {
					r.Fatal(err)
				}
				path := s.LogPath(s.OutFile, 0)
				r.line(path, "signalled")
				pid := i.Status().PID
				r.die()
				n := r.next()
				next := n.only()
				if st := next.Status(); st.State != Stopping || st.PID != pid {
					r.Errorf("%+v", st)
				}
				sub := n.Subscribe()
				defer sub.Close()
				n.say(pid, "end")
				switch action {
				case "stop":
					n.event(sub, "stopped")
				case "delete":
					receiveClosed(r, next.Gone())
				case "restart":
					n.event(sub, "online")
				}
				if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "signalled") != 1 {
					r.Errorf("the log is %q: %v", text, err)
				}
				if want == "" {
					if got := r.ledger.gone(); !slices.Contains(got, i.UUID) {
						r.Errorf("removed: %v", got)
					}
					return
				}
				st := next.Status()
				if got := string(st.State) + " " + string(st.Want) + " " + string(rune('0'+st.Restarts)); got != want {
					r.Errorf("it is %s", got)
				}
				if code := st.LastExit; code == nil || code.Code != 4 {
					r.Errorf("exit %+v", code)
				}
				if st.PID != 0 { // the next one is as stubborn
					n.line(path, "up")
					if err := unix.Kill(st.PID, unix.SIGKILL); err != nil {
						r.Error(err)
					}
				}
			})
		})
	}
}

// One whose deletion had only to be finished is gone.
func TestAdoptGone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle))
	r.act(i, "stop")
	r.die()
	n := r.next(func(l *left) { l.list[0].Record.Want = Gone })
	n.Wait()
	if list := n.Instances(); len(list) > 0 || !slices.Equal(r.ledger.gone(), []string{i.UUID}) {
		t.Errorf("there is %v, removed is %v", list, r.ledger.gone())
	}
}

// aloneAgain: nothing runs beside the current launch.
func aloneAgain(r Record) bool { return len(r.Beside) == 0 }

// The new process of a reload that nobody waits for any more is ended; the old one
// serves on.
func TestAdoptCandidate(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		s := r.app("app", echo, overlapping)
		i := r.one(s)
		serving := i.Status().PID
		never := *s
		never.WaitReady, never.Notify, never.ListenTimeout = true, true, spec.Duration(time.Hour)
		never.Script = "echo new; read x"
		if _, err := r.Start(Request{Spec: &never, Base: base(), Existing: Renew, Cause: "test"}); err != nil {
			r.Fatal(err)
		}
		r.line(s.LogPath(s.OutFile, 0), "new")
		r.recorded(i.UUID, func(rec Record) bool { return len(rec.Beside) == 1 && rec.Beside[0].Process != nil })
		marked := r.marked(i.UUID)
		if len(marked) != 2 {
			r.Fatalf("there are %v", marked)
		}
		r.die()
		n := r.next()
		next := n.only()
		n.recorded(i.UUID, aloneAgain)
		if st := next.Status(); st.PID != serving || st.State != Online || !runs(serving) {
			r.Errorf("%+v", st)
		}
		if left := n.marked(i.UUID); !slices.Equal(left, []int{serving}) {
			r.Errorf("there is %v, serving is %d", left, serving)
		}
		n.act(next, "stop")
	})
}

// The old process of a reload goes on being ended, and is not told twice.
func TestAdoptOutgoing(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		s := r.app("app", stubborn, overlapping)
		i := r.one(s)
		old := i.Status().PID
		path := s.LogPath(s.OutFile, 0)
		pending := r.Reload([]*Instance{i}, nil, "test")
		r.line(path, "signalled")
		r.die()
		n := r.next()
		next := n.only()
		if st := next.Status(); st.State != Online || st.PID == old || len(st.rivals) != 1 || !runs(old) {
			r.Errorf("of %d: %+v", len(pending), st)
		}
		n.say(old, "end")
		n.recorded(i.UUID, aloneAgain)
		if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "signalled") != 1 {
			r.Errorf("the log is %q: %v", text, err)
		}
		if err := unix.Kill(next.Status().PID, unix.SIGKILL); err != nil {
			r.Error(err)
		}
	})
}

// A pid that somebody else has now is not the app's.
func TestAdoptRecycledPid(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", echo)
	i := r.one(s)
	stranger := r.one(r.app("stranger", echo))
	innocent := stranger.Status().PID
	r.die()
	if err := unix.Kill(i.Status().PID, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Wait4(i.Status().PID, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	n := r.next(func(l *left) {
		for _, one := range l.list {
			if one.Record.UUID == i.UUID {
				one.Record.Process.PID = innocent
				one.Record.Process.Start = stranger.Status().started - 1
			}
		}
	})
	next := n.byUUID(i.UUID)
	if st := next.Status(); st.State != Online || st.PID == innocent || st.Generation != 2 || st.Restarts != 1 || !st.LastExit.Unknown {
		t.Errorf("%+v", st)
	}
	n.act(next, "stop")
	n.act(next, "delete")
	if st := n.byUUID(stranger.UUID).Status(); st.PID != innocent || !runs(innocent) {
		t.Errorf("the stranger: %+v", st)
	}
}
