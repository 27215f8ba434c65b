package supervise

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// overlapping lets two processes of the app run at once.
func overlapping(s *spec.Spec) { s.Reload = spec.ReloadOverlap }

// reload reloads instances and returns the outcomes.
func (r *rig) reload(list ...*Instance) (outcomes []Outcome) {
	r.Helper()
	for _, p := range r.Reload(list, nil, "test") {
		outcomes = append(outcomes, r.outcome(p))
	}
	return outcomes
}

// The old process serves until the new one is believed; then all of the old
// one's tree goes, what has left it too, and nothing of the new one's.
func TestReloadOverlap(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	word, said := r.fifo("pid")
	script := "(setsid sh -c 'echo $$ >" + word + "; exec sleep 1000' &); echo up; exec sleep 1000"
	i := r.one(r.app("app", script, overlapping))
	old := i.Status().PID
	strayOld, err := strconv.Atoi(said())
	if err != nil {
		t.Fatal(err)
	}
	if o := r.reload(i)[0]; o.Err != "" || len(o.Warnings) > 0 {
		t.Fatalf("%+v", o)
	}
	strayNew, err := strconv.Atoi(said())
	if err != nil {
		t.Fatal(err)
	}
	together := false
	for _, rec := range r.ledger.all() {
		for _, b := range rec.Beside {
			together = together || rec.Process != nil && b.Process != nil && b.Process.PID != rec.Process.PID
		}
	}
	if !together {
		t.Error("no record has the two processes side by side")
	}
	st := i.Status()
	if st.State != Online || st.PID == old || !runs(st.PID) || st.Restarts != 1 || st.Generation != 2 {
		t.Errorf("after the reload: %+v", st)
	}
	if runs(old) || runs(strayOld) {
		t.Error("something of the old launch runs on")
	}
	if !runs(strayNew) {
		t.Error("a process of the new launch was ended with the old one")
	}
	r.act(i, "stop")
	if runs(strayNew) || len(r.marked(i.UUID)) > 0 {
		t.Error("something runs after the stop")
	}
}

// A new process that dies, says nothing in time or can't be started is given
// up, and the old one serves on.
func TestReloadGivesUpTheNewOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		next func(*spec.Spec)
		want string
	}{
		"dies": {func(s *spec.Spec) { s.Script = "echo dying >&2; exit 3"; s.MinUptime = spec.Duration(deadline) }, "exited with code 3"},
		"never ready": {func(s *spec.Spec) {
			s.WaitReady, s.Notify, s.ListenTimeout = true, true, spec.Duration(50*time.Millisecond)
		}, "not ready within listen_timeout (50ms)"},
		"no program": {func(s *spec.Spec) { s.Interpreter = "/does/not/exist" }, "could not be started"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			i := r.one(r.app("app", idle, overlapping))
			old := i.Status()
			pending, err := r.Start(Request{Spec: r.app("app", idle, overlapping, c.next), Base: base(), Existing: Renew, Cause: "test"})
			if err != nil {
				t.Fatal(err)
			}
			o := r.outcome(pending[0])
			if !strings.Contains(o.Err, c.want) || !strings.Contains(o.Err, "the old one serves on") {
				t.Errorf("the outcome is %q", o.Err)
			}
			if name == "dies" && strings.Join(o.Stderr, "|") != "dying" {
				t.Errorf("its last words: %q", o.Stderr)
			}
			st := i.Status()
			if st.State != Online || st.PID != old.PID || !runs(old.PID) || st.Restarts != 0 || st.Spec != old.Spec {
				t.Errorf("the old one: %+v", st)
			}
			// Nothing is left of the new one, and the next launch has a mark of
			// its own.
			if o := r.act(i, "restart"); o.Status.Generation != 3 {
				t.Errorf("the next launch is generation %d", o.Status.Generation)
			}
			r.act(i, "delete")
			if left := r.marked(i.UUID); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// Instances of one app are reloaded one after the other, and none after one
// that failed.
func TestReloadRolls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	list := r.start(r.app("app", idle, overlapping, func(s *spec.Spec) { s.Instances = 3 }))
	sub := r.Subscribe()
	for _, o := range r.reload(list...) {
		if o.Err != "" {
			t.Errorf("%+v", o)
		}
	}
	sub.Close()
	var order []string
	for e := range sub.C {
		if e.Kind == "reload" || e.Kind == "exit" {
			order = append(order, e.Kind+strconv.Itoa(e.Instance))
		}
	}
	if got := strings.Join(order, " "); got != "reload0 exit0 reload1 exit1 reload2 exit2" {
		t.Errorf("the order is %s", got)
	}

	bad := r.app("app", "exit 1", overlapping, func(s *spec.Spec) { s.Instances, s.MinUptime = 4, spec.Duration(deadline) })
	pending, err := r.Start(Request{Spec: bad, Base: base(), Existing: Renew, Cause: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for n, p := range pending {
		o := r.outcome(p)
		if want := []string{"exited with code 1", "not reloaded", "not reloaded", "not added"}[n]; !strings.Contains(o.Err, want) {
			t.Errorf("instance %d: %q, want %q", n, o.Err, want)
		}
		if n < 3 && !runs(p.Instance.Status().PID) {
			t.Errorf("instance %d is down", n)
		}
	}
	select {
	case <-pending[3].Instance.Gone():
	case <-time.After(deadline):
		t.Fatal("the one that was added is still there")
	}
	if left := r.App("app"); len(left) != 3 {
		t.Errorf("%d instances are left", len(left))
	}
}

// Without overlap a reload is a restart: never two at once.
func TestReloadWithoutOverlapIsARestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	list := r.start(r.app("app", "exec 9>lock; flock -n 9 || exit 9; echo up; exec sleep 1000", func(s *spec.Spec) {
		s.MinUptime, s.Instances = spec.Duration(100*time.Millisecond), 1
	}))
	for _, o := range r.reload(list...) {
		if o.Err != "" || o.Status.Restarts != 1 {
			t.Errorf("%+v", o)
		}
	}
}

// A look that was asked for before a launch began does not find its processes.
func TestLookLeavesLaterLaunchesAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle, overlapping))
	var look func() ([]leftover, bool, error)
	if err := answered(t.Context(), i.ask(func() error { look = i.lookFor(i.launch); return nil })); err != nil {
		t.Fatal(err)
	}
	if o := r.reload(i)[0]; o.Err != "" {
		t.Fatal(o)
	}
	found, _, err := look()
	if err != nil || len(found) > 0 {
		t.Errorf("found for the old launch: %+v, %v; the new main process is %d", found, err, i.Status().PID)
	}
}

// A command that comes while a reload rolls has the last word, and the app is not
// scaled meanwhile.
func TestRollGivesWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	slow := func(s *spec.Spec) {
		s.Instances, s.MinUptime, s.ListenTimeout = 3, spec.Duration(deadline), spec.Duration(deadline)
	}
	list := r.start(r.app("app", idle, overlapping, func(s *spec.Spec) { s.Instances = 3 }))
	sub := r.Subscribe()
	defer sub.Close()
	pending, err := r.Start(Request{Spec: r.app("app", idle, overlapping, slow), Base: base(), Existing: Renew, Cause: "test"})
	if err != nil {
		t.Fatal(err)
	}
	r.event(sub, "reload")
	if _, err := r.Scale(t.Context(), "app", func(int) (int, error) { return 4, nil }, time.Time{}, "test"); !errors.Is(err, ErrRolling) {
		t.Errorf("scale: %v", err)
	}
	r.act(list[1], "stop")
	r.act(list[2], "stop")
	r.act(list[0], "restart") // ends the trial
	for n, p := range pending {
		if o := r.outcome(p); strings.Contains(o.Err, "another command") != (n > 0) {
			t.Errorf("instance %d: %q", n, o.Err)
		}
	}
	for _, i := range list[1:] {
		if st := i.Status(); st.State != Stopped {
			t.Errorf("instance %d was stopped and is %s", i.Number, st.State)
		}
	}
}

// What a failed reload brought along, the environment too, is forgotten.
func TestFailedReloadLeavesTheEnvironment(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", "test -z $BAD || exit 3; "+idle, overlapping), "WHEN=first")
	p := r.Reload([]*Instance{i}, base("BAD=1"), "test")[0]
	if o := r.outcome(p); !strings.Contains(o.Err, "exited with code 3") {
		t.Fatalf("%+v", o)
	}
	if vars := i.BaseEnv().Vars; slices.Contains(vars, "BAD=1") {
		t.Errorf("the environment is %v", vars)
	}
	p = r.Reload([]*Instance{i}, base("WHEN=second"), "test")[0]
	if o := r.outcome(p); o.Err != "" {
		t.Fatalf("%+v", o)
	}
	if got := environ(t, i.Status().PID)["WHEN"]; got != "second" || !slices.Contains(i.BaseEnv().Vars, "WHEN=second") {
		t.Errorf("WHEN is %q, the environment %v", got, i.BaseEnv().Vars)
	}
}

// However small min_uptime is, a new process that dies at once replaces nothing.
func TestReloadWithoutMinUptime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle, overlapping))
	old := i.Status().PID
	pending, err := r.Start(Request{
		Spec: r.app("app", "sleep 0.05; exit 3", overlapping, func(s *spec.Spec) { s.MinUptime = 0 }), Base: base(), Existing: Renew, Cause: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	if o := r.outcome(pending[0]); !strings.Contains(o.Err, "exited with code 3") || !runs(old) {
		t.Errorf("%+v", o)
	}
}
