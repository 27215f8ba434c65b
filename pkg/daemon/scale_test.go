package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

func (r *rig) scale(name, count string) []api.Result {
	r.Helper()
	return r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Act(ctx, api.ActCall{Action: api.ActionScale, Targets: []string{name}, Count: count}, each)
	})
}

func (r *rig) scaleError(name, count string) error {
	return r.Act(r.context(), api.ActCall{Action: api.ActionScale, Targets: []string{name}, Count: count}, func([]api.Result) {})
}

// numbers are instance:status/instances of an app, in order of the number.
func (r *rig) numbers(name string) string {
	r.Helper()
	all, err := r.Processes(r.context(), false, name)
	if err != nil {
		r.Fatal(err)
	}
	var words []string
	for _, p := range all {
		words = append(words, fmt.Sprintf("%d:%s/%d", p.PM2Env.InstanceNumber, p.PM2Env.Status, p.PM2Env.Instances))
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestScale(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle, func(s *spec.Spec) { s.Env = map[string]string{"A": "1"} }))
	for _, step := range []struct{ count, touched, want string }{
		{"3", "1 2", "0:online/3 1:online/3 2:online/3"},
		{"+1", "3", "0:online/4 1:online/4 2:online/4 3:online/4"},
		{"-2", "2 3", "0:online/2 1:online/2"},
		{"+1", "2", "0:online/3 1:online/3 2:online/3"},
		{"1", "1 2", "0:online/1"},
	} {
		var touched []string
		for _, one := range r.scale("app", step.count) {
			touched = append(touched, fmt.Sprint(one.Instance))
		}
		slices.Sort(touched)
		if got := r.numbers("app"); got != step.want || strings.Join(touched, " ") != step.touched {
			t.Errorf("%s: %s, touched %v; want %s, %s", step.count, got, touched, step.want, step.touched)
		}
	}
	r.act(api.ActionStop, "app")
	r.scale("app", "2")
	if got := r.numbers("app"); got != "0:stopped/2 1:online/2" {
		t.Errorf("an app that is stopped: %s", got)
	}
	started, err := r.Processes(r.context(), false, "app")
	if err != nil {
		t.Fatal(err)
	}
	last := started[len(started)-1]
	if env := given(t, last.PID); env["A"] != "1" || env["LANG"] != "C" || env["NODE_APP_INSTANCE"] != "1" {
		t.Errorf("the environment of a new one: %v", env)
	}
	if reply, err := r.Dump(r.context(), false); err != nil || reply.Apps != 1 {
		t.Errorf("%+v, %v", reply, err)
	}
	if list, err := r.Saved(r.context()); err != nil || list.Apps[0].Instances != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	r.scale("app", "0") // as in PM2
	if rows := r.rows(); rows != "" {
		t.Errorf("0 leaves %s", rows)
	}
}

func TestScaleRefuses(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle, func(s *spec.Spec) { s.Instances = 2 }), r.app("other", idle))
	for _, c := range []struct{ name, count, code, says string }{
		{"app", "2", api.CodeRefused, "Nothing to do"},
		{"app", "+0", api.CodeRefused, "Nothing to do"},
		{"app", "-2", api.CodeRefused, "hubctl delete app"},
		{"app", "-3", api.CodeRefused, "hubctl delete app"},
		{"app", "", api.CodeInvalid, "count"},
		{"app", "two", api.CodeInvalid, "+2"},
		{"app", "1.5", api.CodeInvalid, "count"},
		{"app", "10001", api.CodeInvalid, "10000"},
		{"app", "+9999", api.CodeInvalid, "10000"},
		{"nobody", "2", api.CodeNotFound, "Application nobody not found"},
		{"0", "2", api.CodeRefused, "Nothing to do"},
		{"9", "2", api.CodeNotFound, "Application 9 not found"},
		{"all", "2", api.CodeInvalid, "several apps"},
	} {
		wantError(t, r.scaleError(c.name, c.count), c.code, c.says)
	}
	err := r.Act(r.context(), api.ActCall{Action: api.ActionScale, Targets: []string{"app", "other"}, Count: "3"}, func([]api.Result) {})
	wantError(t, err, api.CodeInvalid, "targets")
	if got := r.numbers("app") + " " + r.numbers("other"); got != "0:online/2 1:online/2 0:online/1" {
		t.Errorf("something was done: %s", got)
	}
}

// The second instance would write to a file that another app has.
func TestScaleIntoAnothersLog(t *testing.T) {
	t.Parallel()
	r := serve(t)
	w := r.app("w", idle, func(s *spec.Spec) { s.OutFile, s.MergeLogs = r.path("w.log"), false })
	r.begin(w, r.app("other", idle, func(s *spec.Spec) { s.OutFile, s.MergeLogs = r.path("w-1.log"), true }))
	wantError(t, r.scaleError("w", "2"), api.CodeRefused, `app "w" would write to the same log file as app "other"`)
	err := r.Start(r.context(), api.StartCall{Specs: []spec.Spec{w}, Env: env, Existing: api.ExistingAdd}, func([]api.Result) {})
	wantError(t, err, api.CodeRefused, `app "w" would write to the same log file as app "other"`)
	if got := r.numbers("w"); got != "0:online/1" {
		t.Errorf("something was done: %s", got)
	}
}

// Several at once do it one after the other: nothing is scaled twice.
func TestScaleAtOnce(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle, func(s *spec.Spec) { s.Instances = 6 }))
	errs := make(chan error)
	for range 5 {
		go func() { errs <- r.scaleError("app", "-1") }()
	}
	for range 5 {
		if err := receive(t, errs); err != nil {
			t.Error(err)
		}
	}
	if got := r.numbers("app"); got != "0:online/1" {
		t.Errorf("6 less 5: %s", got)
	}
}

// A number that is reached already is what the same call has done before.
func TestScaleAgain(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	since := time.Now().UnixMilli()
	r.scale("app", "3")
	again := func(count string) (touched []int) {
		for _, one := range r.succeed(func(ctx context.Context, each func([]api.Result)) error {
			return r.Act(ctx, api.ActCall{Action: api.ActionScale, Targets: []string{"app"}, Count: count, Since: since}, each)
		}) {
			touched = append(touched, one.Instance)
		}
		slices.Sort(touched)
		return touched
	}
	if got := again("3"); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("touched %v", got)
	}
	if got := again("4"); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("touched %v", got)
	}
	if got := again("1"); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("touched %v", got)
	}
	if got := r.numbers("app"); got != "0:online/1" {
		t.Errorf("there are %s", got)
	}
	if err := r.scaleError("app", "1"); err == nil || err.Error() != "Nothing to do" {
		t.Errorf("first attempt: %v", err)
	}
}
