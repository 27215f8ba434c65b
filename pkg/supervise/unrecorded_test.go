package supervise

import (
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// Launches that could not be put on record are known to the keeper, and are not
// made a second time.
func TestUnrecordedLaunch(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{"restarted": "", "started": "stop"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newKeptRig(t, newHolder(t))
			s := r.app("app", echo)
			i := r.one(s)
			if before != "" {
				r.act(i, before)
			}
			old := r.leaves()
			r.act(i, "restart")
			r.act(i, "restart")
			pid := i.Status().PID
			r.die()
			n := r.next(func(l *left) { l.list = old.list })
			next := n.only()
			st := next.Status()
			if st.PID != pid || st.State != Online || st.Want != Up || st.Generation != 3 {
				t.Errorf("%+v", st)
			}
			if d := st.LaunchedAt.Sub(i.Status().LaunchedAt); d.Abs() > 2*time.Second {
				t.Errorf("launched %v after the truth", d)
			}
			n.say(pid, "goes on")
			n.line(s.LogPath(s.OutFile, 0), "goes on")
			if marked := n.marked(i.UUID); len(marked) != 1 {
				t.Errorf("there are %v", marked)
			}
			n.act(next, "restart")
			if st := next.Status(); st.Generation != 4 || runs(pid) {
				t.Errorf("%+v", st)
			}
		})
	}
}

// One that was to replace the current launch, which still runs, is given up.
func TestUnrecordedCandidate(t *testing.T) {
	t.Parallel()
	r := newKeptRig(t, newHolder(t))
	s := r.app("app", echo, overlapping)
	i := r.one(s)
	pid := i.Status().PID
	old := r.leaves()
	never := *s
	never.WaitReady, never.Notify, never.ListenTimeout, never.Script = true, true, spec.Duration(time.Hour), "echo new; read x"
	if _, err := r.Start(Request{Spec: &never, Base: base(), Existing: Renew, Cause: "test"}); err != nil {
		t.Fatal(err)
	}
	r.recorded(i.UUID, func(rec Record) bool { return len(rec.Beside) == 1 && rec.Beside[0].Process != nil })
	r.die()
	n := r.next(func(l *left) { l.list = old.list })
	n.recorded(i.UUID, func(rec Record) bool { return aloneAgain(rec) && rec.Launches == 2 })
	if st := n.only().Status(); st.PID != pid || st.State != Online || st.Generation != 1 {
		t.Errorf("%+v", st)
	}
	if marked := n.marked(i.UUID); len(marked) != 1 {
		t.Errorf("there are %v", marked)
	}
	n.act(n.only(), "stop")
}
