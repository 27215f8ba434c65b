package supervise

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/spec"
)

// hold registers an app without starting it.
func (r *rig) hold(name, namespace string, instances int) []*Instance {
	r.Helper()
	return r.request(Request{Spec: r.app(name, idle, func(s *spec.Spec) {
		s.Namespace, s.Instances = namespace, instances
	}), Base: base(), Hold: true})
}

func TestSelect(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.hold("api", "web", 2)     // 0 1
	r.hold("worker", "jobs", 1) // 2
	r.hold("web", "other", 1)   // 3: a name that is a namespace too
	r.hold("7", "other", 1)     // 4: a name that looks like an id
	r.hold("0", "other", 1)     // 5: a name that is an id too
	for target, want := range map[string]string{
		"all": "0 1 2 3 4 5", "api": "0 1", "worker": "2", "jobs": "2", "web": "3", "other": "3 4 5",
		"1": "1", "7": "4", "0": "5", "/^(api|work)/": "0 1 2", "/a/": "0 1", "/./": "0 1 2 3 4 5",
	} {
		list, err := r.Select(target)
		if got := ids(list); got != want || err != nil {
			t.Errorf("%s: %s, want %s; %v", target, got, want, err)
		}
	}
	for target, says := range map[string]string{
		"nobody": "Process or Namespace nobody not found", "99": "Process 99 not found",
		"/^x/": "Process /^x/ not found", "": "not found", "//": "not found", "-1": "not found",
	} {
		if list, err := r.Select(target); !errors.Is(err, ErrNoTarget) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %s, %v", target, ids(list), err)
		}
	}
	if _, err := r.Select("/(/"); err == nil || errors.Is(err, ErrNoTarget) {
		t.Errorf("a broken expression: %v", err)
	}
}

func ids(list []*Instance) string {
	var words []string
	for _, i := range list {
		words = append(words, fmt.Sprint(i.ID))
	}
	return strings.Join(words, " ")
}

// numbers are id:number of an app's instances.
func (r *rig) numbers(name string) string {
	var words []string
	for _, i := range r.App(name) {
		words = append(words, fmt.Sprintf("%d:%d", i.ID, i.Number))
	}
	return strings.Join(words, " ")
}

func TestStartOfTakenName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := func(instances int) *spec.Spec {
		return r.app("app", idle, func(s *spec.Spec) { s.Instances = instances })
	}
	request := func(instances int, existing Existing) int {
		return len(r.request(Request{Spec: app(instances), Base: base(), Existing: existing}))
	}
	want := func(step, numbers string) {
		t.Helper()
		if got := r.numbers("app"); got != numbers {
			t.Errorf("%s: %s, want %s", step, got, numbers)
		}
	}
	request(2, Restart)
	want("new", "0:0 1:1")
	if n := request(3, Keep); n != 1 {
		t.Errorf("keep touched %d instances", n)
	}
	want("one is missing", "0:0 1:1 2:2")
	request(1, Add)
	want("add", "0:0 1:1 2:2 3:3")
	r.act(r.App("app")[1], "delete")
	want("deleted", "0:0 2:2 3:3")
	request(4, Restart)
	want("the free number", "0:0 4:1 2:2 3:3")
	request(1, Restart)
	want("scaled down", "0:0")
	i := r.App("app")[0]
	if st := i.Status(); st.Restarts != 2 || st.Spec.Instances != 1 {
		t.Errorf("%d restarts, %d instances", st.Restarts, st.Spec.Instances)
	}
	r.act(i, "delete")
	request(1, Restart)
	want("ids begin again when nothing is there", "0:0")
}

func TestHeldAppIsNotStarted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.hold("app", "default", 1)[0]
	if st := i.Status(); st.State != Stopped || st.Generation != 0 {
		t.Errorf("%s, %d launches", st.State, st.Generation)
	}
	r.act(i, "start")
	r.hold("app", "moved", 1) // a running app gets the new spec at once
	if st := i.Status(); st.State != Online || st.Spec.Namespace != "moved" || st.Generation != 2 {
		t.Errorf("%s, %s, %d launches", st.State, st.Spec.Namespace, st.Generation)
	}
}

// Who is told that an app is deleted finds its name free.
func TestDeleteThenStart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", idle)
	seen := make(map[string]bool)
	for range 30 {
		i := r.start(s)[0]
		if seen[i.UUID] || i.ID != 0 {
			t.Fatalf("id %d, UUID %s", i.ID, i.UUID)
		}
		seen[i.UUID] = true
		r.act(i, "delete")
	}
}

// A start that comes while the app is being deleted is answered, and leaves
// either nothing or a running app.
func TestStartDuringDelete(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", idle)
	for range 20 {
		i := r.start(s)[0]
		gone, err := i.Act("delete", "test")
		if err != nil {
			t.Fatal(err)
		}
		pending, err := r.Start(Request{Spec: s, Base: base(), Existing: Restart})
		if err != nil {
			t.Fatal(err)
		}
		if o := r.outcome(gone); o.Err != "" {
			t.Fatalf("delete: %s", o.Err)
		}
		switch o := r.outcome(pending[0]); {
		case o.Err == "":
			if st := pending[0].Instance.Status(); st.State != Online || pending[0].Instance == i {
				t.Errorf("started: %s", st.State)
			}
		case !strings.Contains(o.Err, "deleted"):
			t.Errorf("got %q", o.Err)
		}
		receiveClosed(t, i.gone)
		for _, i := range r.Instances() {
			r.act(i, "delete")
		}
	}
}

func TestActUnknown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.hold("app", "default", 1)[0]
	for _, action := range []string{"", "configure", "Start", "kill"} {
		if _, err := i.Act(action, "test"); err == nil {
			t.Errorf("%q was done", action)
		}
	}
	r.act(i, "delete")
	receiveClosed(t, i.gone)
	p, err := i.Act("start", "test")
	if err != nil {
		t.Fatal(err)
	}
	if o := r.outcome(p); o.Err != "it was deleted" {
		t.Errorf("start of what is gone: %+v", o)
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	list := r.start(r.app("app", idle, func(s *spec.Spec) { s.Instances = 3 }))
	pending := r.End("test")
	if !r.Ending() || len(pending) != 3 {
		t.Errorf("ending: %v, %d under way", r.Ending(), len(pending))
	}
	if _, err := r.Start(Request{Spec: r.app("late", idle), Base: base()}); !errors.Is(err, ErrEnding) {
		t.Errorf("a start meanwhile: %v", err)
	}
	r.Wait()
	if n := len(r.Instances()); n != 0 {
		t.Errorf("%d instances are left", n)
	}
	for _, i := range list {
		if pids := r.marked(i.UUID); len(pids) > 0 {
			t.Errorf("processes are left: %v", pids)
		}
	}
	if slices.ContainsFunc(pending, func(p *Pending) bool { return r.outcome(p).Err != "" }) {
		t.Error("an end has failed")
	}
}

func TestUUID(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		u := NewUUID()
		if len(u) != 36 || u[14] != '4' || !strings.ContainsRune("89ab", rune(u[19])) || seen[u] {
			t.Fatalf("UUID %s", u)
		}
		seen[u] = true
	}
}

func BenchmarkInstances(b *testing.B) {
	r := newRig(b)
	for n := range 1000 {
		r.hold(fmt.Sprint("app", n), "default", 1)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, i := range r.Instances() {
			if i.Status().State != Stopped {
				b.Fatal("not stopped")
			}
		}
	}
}

// With ids the other instances and their number are left alone.
func TestStartOfSomeInstances(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := func(instances int, args ...string) *spec.Spec {
		return r.app("app", idle, func(s *spec.Spec) { s.Instances, s.Args = instances, args })
	}
	r.request(Request{Spec: app(2), Base: base()})
	start := func(q Request) (changed []string, touched int) {
		t.Helper()
		pending, err := r.Start(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pending {
			o := p.Wait(t.Context())
			if o.Err != "" {
				t.Errorf("instance %d: %s", p.Instance.ID, o.Err)
			}
			changed = append(changed, p.Changes(o)...)
		}
		return changed, len(pending)
	}
	for _, existing := range []Existing{Restart, Renew} {
		arg := string(existing)
		changed, touched := start(Request{Spec: app(3, arg), Base: base(), Existing: existing, IDs: []int{1, 7}})
		if touched != 1 || !slices.Equal(changed, []string{"args"}) || r.numbers("app") != "0:0 1:1" {
			t.Errorf("%s: touched %d, changed %q, there are %s", existing, touched, changed, r.numbers("app"))
		}
		for id, want := range map[int][]string{0: nil, 1: {arg}} {
			if s := r.App("app")[id].Status().Spec; !slices.Equal(s.Args, want) || s.Instances != 2 {
				t.Errorf("%s: instance %d has args %q, instances %d", existing, id, s.Args, s.Instances)
			}
		}
	}
	if changed, touched := start(Request{Spec: app(2, "reload"), Base: base(), Existing: Restart}); touched != 2 || !slices.Equal(changed, []string{"args"}) {
		t.Errorf("all: touched %d, changed %q", touched, changed)
	}
	if changed, _ := start(Request{Spec: app(2, "reload"), Base: base(), Existing: Restart, IDs: []int{0}}); len(changed) > 0 {
		t.Errorf("nothing has changed but %q", changed)
	}
	if _, touched := start(Request{Spec: app(2), Base: base(), Existing: Restart, IDs: []int{9}}); touched != 0 {
		t.Errorf("an id of another app touched %d", touched)
	}
}

// A restart by name of what stays the same is not watched for a moment.
func TestBriefStart(t *testing.T) {
	t.Parallel()
	old, changed := &spec.Spec{}, &spec.Spec{KillTimeout: 1}
	for _, c := range []struct {
		brief bool
		spec  *spec.Spec
		want  verb
	}{
		{true, old, verbRestart}, {true, changed, verbStart}, {false, old, verbStart},
	} {
		q := Request{Brief: c.brief, Spec: c.spec}
		if got := q.verb(&Status{Spec: old}); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
