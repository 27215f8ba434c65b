package supervise

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// wantShared wants a start to be refused, and nothing to come of it.
func (r *rig) wantShared(what string, err error, app, other string) {
	r.Helper()
	shared, ok := errors.AsType[*SharedLog](err)
	if !ok || shared.App != app || !strings.Contains(err.Error(), fmt.Sprintf("same log file as app %q: ", other)) {
		r.Errorf("%s: %v, want %s refused because of %s", what, err, app, other)
	}
}

// Who gets which number says whose file it would be: w's second instance would
// write to w-1.log.
func TestNumbersDecideWhoseLogItIs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	taker := r.app("b", idle, func(s *spec.Spec) { s.OutFile, s.MergeLogs = r.path("w-1.log"), true })
	app := func(instances int) *spec.Spec {
		return r.app("w", idle, func(s *spec.Spec) { s.OutFile, s.Instances = r.path("w.log"), instances })
	}
	r.start(taker)
	r.start(app(1))
	for _, existing := range []Existing{Restart, Renew, Add, Keep} {
		n := 2
		if existing == Add {
			n = 1
		}
		for _, hold := range []bool{false, true} {
			_, err := r.Start(Request{Spec: app(n), Base: base(), Existing: existing, Hold: hold})
			r.wantShared(fmt.Sprint(existing, hold), err, "w", "b")
		}
	}
	_, err := r.Scale(context.Background(), "w", func(int) (int, error) { return 2, nil }, time.Time{}, "test")
	r.wantShared("scale", err, "w", "b")
	if got := r.numbers("w"); got != "1:0" {
		t.Errorf("there are %s", got)
	}
	r.request(Request{Spec: app(1), Base: base(), Existing: Restart})
	r.request(Request{Spec: app(5), Base: base(), IDs: []int{1}}) // it keeps its number
	r.act(r.App("b")[0], "delete")
	r.request(Request{Spec: app(1), Base: base(), Existing: Add})
	if got := r.numbers("w"); got != "1:0 2:1" {
		t.Errorf("there are %s", got)
	}
	_, err = r.Start(Request{Spec: taker, Base: base()})
	r.wantShared("number 1 is w's now", err, "b", "w")
}

// Of several apps none is started when one may not be, and each may have what
// another one gives up.
func TestLogsOfSeveral(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := func(name, file string) Request {
		return Request{Base: base(), Spec: r.app(name, idle, func(s *spec.Spec) { s.OutFile, s.MergeLogs = r.path(file), true })}
	}
	_, err := r.Supervisor.Start(context.Background(), app("a", "1.log"), app("b", "2.log"), app("c", "1.log"))
	r.wantShared("at once", err, "c", "a")
	if n := len(r.Instances()); n != 0 {
		t.Errorf("%d were started", n)
	}
	for _, files := range [][2]string{{"1.log", "2.log"}, {"2.log", "1.log"}} {
		pending, err := r.Supervisor.Start(context.Background(), app("a", files[0]), app("b", files[1]))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pending {
			r.outcome(p)
		}
	}
}

// A file is an app's from the moment on in which it was asked to write to it.
func TestLogOfAnAppThatIsAskedToChange(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := func(s *spec.Spec) { s.OutFile, s.MergeLogs, s.Instances = r.path("new.log"), true, 2 }
	r.start(r.app("a", idle, overlapping, func(s *spec.Spec) { s.MergeLogs, s.Instances = true, 2 }))
	b := Request{Base: base(), Spec: r.app("b", idle, a, func(s *spec.Spec) { s.Instances = 1 })}
	// The second instance has its turn long after.
	pending, err := r.Start(Request{Spec: r.app("a", idle, overlapping, a), Base: base(), Existing: Renew})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Start(b)
	r.wantShared("while it rolls", err, "b", "a")
	for _, p := range pending {
		r.outcome(p)
	}
	_, err = r.Start(b)
	r.wantShared("rolled", err, "b", "a")
}

func BenchmarkLogsApart(b *testing.B) {
	r := newRig(b)
	for n := range 1000 {
		r.hold(fmt.Sprint("app", n), "default", 1)
	}
	request := Request{Spec: r.app("one more", idle)}
	b.ReportAllocs()
	for b.Loop() {
		r.mu.Lock()
		plans, err := r.plans([]Request{request})
		if err == nil {
			err = r.logsApart(plans)
		}
		r.mu.Unlock()
		if err != nil {
			b.Fatal(err)
		}
	}
}
