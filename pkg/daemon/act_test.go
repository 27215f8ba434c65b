package daemon

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// All specs are looked at before the first is started.
func TestStartIsAllOrNothing(t *testing.T) {
	t.Parallel()
	r := serve(t)
	good := r.app("good", idle)
	for name, c := range map[string]struct {
		in    api.StartCall
		words []string
	}{
		"relative path": {api.StartCall{Specs: []spec.Spec{good, r.app("bad", idle, func(s *spec.Spec) { s.Script = "x.sh" })}}, []string{`"bad"`, "script", "absolute"}},
		"twice":         {api.StartCall{Specs: []spec.Spec{good, good}}, []string{`"good"`, "twice"}},
		"existing":      {api.StartCall{Specs: []spec.Spec{good}, Existing: "ignore"}, []string{"existing", "ignore", "refuse"}},
		"empty spec":    {api.StartCall{Specs: []spec.Spec{good, {}}}, []string{"name"}},
	} {
		err := r.Start(r.context(), c.in, func([]api.Result) { t.Errorf("%s: something was started", name) })
		wantError(t, err, api.CodeInvalid, c.words...)
	}
	if rows := r.rows(); rows != "" {
		t.Errorf("there is %s", rows)
	}
}

func TestStartOfTakenName(t *testing.T) {
	t.Parallel()
	r := serve(t)
	app := r.app("app", idle)
	first := r.begin(app)[0]
	refuse := func(s spec.Spec) error {
		return r.Start(r.context(), api.StartCall{Specs: []spec.Spec{s}, Env: env, Existing: api.ExistingRefuse}, func([]api.Result) {})
	}
	wantError(t, refuse(app), api.CodeRefused, "Script already launched", "hubctl restart app")
	wantError(t, refuse(r.app("other", idle, func(s *spec.Spec) { s.Name = "app" })), api.CodeRefused, "taken by another script")
	r.act("stop", "app")
	if err := refuse(app); err != nil {
		t.Errorf("an app that is down: %v", err)
	}
	if again := r.begin(app)[0]; again.ID != first.ID || again.PID == first.PID {
		t.Errorf("a restart made %+v of %+v", again, first)
	}
	added := r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Start(ctx, api.StartCall{Specs: []spec.Spec{app}, Env: env, Existing: api.ExistingAdd}, each)
	})
	if len(added) != 1 || added[0].ID != 1 || added[0].Instance != 1 {
		t.Errorf("added %+v", added)
	}
}

// A call that is made again leaves what it has started the first time, and reports
// it.
func TestCallMadeAgain(t *testing.T) {
	t.Parallel()
	r := serve(t)
	app := r.app("app", idle)
	since := time.Now().UnixMilli()
	first := r.begin(app)[0]
	for what, call := range map[string]func(ctx context.Context, each func([]api.Result)) error{
		"start": func(ctx context.Context, each func([]api.Result)) error {
			return r.Start(ctx, api.StartCall{Specs: []spec.Spec{app}, Env: env, Since: since}, each)
		},
		"refuse": func(ctx context.Context, each func([]api.Result)) error {
			return r.Start(ctx, api.StartCall{Specs: []spec.Spec{app}, Env: env, Existing: api.ExistingRefuse, Since: since}, each)
		},
		"restart": func(ctx context.Context, each func([]api.Result)) error {
			return r.Act(ctx, api.ActCall{Action: api.ActionRestart, Targets: []string{"app"}, Since: since}, each)
		},
		"reload": func(ctx context.Context, each func([]api.Result)) error {
			return r.Act(ctx, api.ActCall{Action: api.ActionReload, Targets: []string{"app"}, Since: since}, each)
		},
	} {
		again := r.succeed(call)
		if len(again) != 1 || again[0].ID != first.ID || again[0].PID != first.PID || again[0].Status != api.StatusOnline {
			t.Errorf("%s: %+v, want %+v", what, again, first)
		}
	}
	other := r.app("other", idle, func(s *spec.Spec) { s.Name = "app" })
	err := r.Start(r.context(), api.StartCall{Specs: []spec.Spec{other}, Env: env, Existing: api.ExistingRefuse, Since: since}, func([]api.Result) {})
	wantError(t, err, api.CodeRefused, "taken by another script")
	again := r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Act(ctx, api.ActCall{Action: api.ActionRestart, Targets: []string{"app"}, Since: time.Now().UnixMilli() + 1}, each)
	})
	if again[0].PID == first.PID {
		t.Error("what was started before is not restarted")
	}
}

// What can be done is done; what can't is in the results.
func TestActOnSeveralTargets(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("a", idle), r.app("b", idle), r.app("c", idle, func(s *spec.Spec) { s.Namespace = "rest" }))
	var all []string
	err := r.Act(r.context(), api.ActCall{Action: "stop", Targets: []string{"a", "0", "rest", "nobody"}}, func(some []api.Result) {
		for _, one := range some {
			all = append(all, fmt.Sprintf("%s:%s:%v", one.Name, one.Status, one.Error != ""))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(all, " ")
	if len(all) != 3 || !strings.Contains(text, "a:stopped:false") || !strings.Contains(text, "c:stopped:false") || !strings.Contains(text, "nobody::true") {
		t.Errorf("got %s", text)
	}
	if rows := r.rows(); rows != "a:stopped b:online c:stopped" {
		t.Errorf("got %s", rows)
	}
}

func TestActErrors(t *testing.T) {
	t.Parallel()
	r := serve(t)
	act := func(action string, targets ...string) error {
		return r.Act(r.context(), api.ActCall{Action: action, Targets: targets}, func([]api.Result) {})
	}
	wantError(t, act("stop"), api.CodeInvalid, "targets")
	wantError(t, act("stop", "all"), api.CodeNotFound, "No process found")
	r.begin(r.app("app", idle))
	wantError(t, act("fly", "app"), api.CodeInvalid, "fly", "restart")
	wantError(t, act("", "app"), api.CodeInvalid, "action")
	_, err := r.List(r.context(), "nobody")
	wantError(t, err, api.CodeNotFound, "nobody")
	_, err = r.LogControl(r.context(), api.LogControlCall{Action: "burn"})
	wantError(t, err, api.CodeInvalid, "burn", "flush")
}

// The history says who wanted it.
func TestCauseNamesTheCaller(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	r.act("restart", "app")
	list, err := r.Processes(r.context(), true, "app")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("(uid %d, pid %d)", os.Geteuid(), os.Getpid())
	for _, e := range list[0].Hub.Events {
		if e.Kind == "restart" && strings.HasPrefix(e.Reason, "user ") && strings.HasSuffix(e.Reason, want) {
			return
		}
	}
	t.Errorf("no event ends in %s: %+v", want, list[0].Hub.Events)
}

func TestEnvironmentOfACall(t *testing.T) {
	t.Parallel()
	r := serve(t)
	app := r.app("app", idle)
	variable := func() string {
		t.Helper()
		list, err := r.Processes(r.context(), false, "app")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("/proc/" + itoa(list[0].PID) + "/environ")
		if err != nil {
			t.Fatal(err)
		}
		for _, kv := range strings.Split(string(text), "\x00") {
			if v, ok := strings.CutPrefix(kv, "WHEN="); ok {
				return v
			}
		}
		return ""
	}
	start := func(when string, update bool) {
		t.Helper()
		r.succeed(func(ctx context.Context, each func([]api.Result)) error {
			return r.Start(ctx, api.StartCall{Specs: []spec.Spec{app}, Env: []string{"WHEN=" + when}, UpdateEnv: update}, each)
		})
	}
	start("first", false)
	start("second", false)
	if got := variable(); got != "first" {
		t.Errorf("a second start has changed it to %s", got)
	}
	start("third", true)
	if got := variable(); got != "third" {
		t.Errorf("with update_env it is %s", got)
	}
	r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Act(ctx, api.ActCall{Action: "restart", Targets: []string{"app"}, UpdateEnv: true, Env: []string{"WHEN=fourth"}}, each)
	})
	if got := variable(); got != "fourth" {
		t.Errorf("after a restart with update_env it is %s", got)
	}
}

// An app that dies at once shows in the answer, with its last words.
func TestStartOfWhatDiesAtOnce(t *testing.T) {
	t.Parallel()
	r := serve(t)
	var got []api.Result
	err := r.Start(r.context(), api.StartCall{Env: env, Specs: []spec.Spec{r.app("it's", "echo last words >&2; exit 3", func(s *spec.Spec) {
		s.MinUptime, s.MaxRestarts = spec.Duration(deadline), 1
	})}}, func(some []api.Result) { got = append(got, some...) })
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v: %v", got, err)
	}
	one := got[0]
	if !strings.Contains(one.Error, "exited with code 3") || one.Status != "errored" || strings.Join(one.Stderr, "|") != "last words" ||
		!strings.Contains(one.Hint, `hubctl logs 'it'\''s' --err`) {
		t.Errorf("got %+v", one)
	}
}

// Start tells the changed keys, values never, and with wake nothing is kept down.
func TestStartTellsWhatChanged(t *testing.T) {
	t.Parallel()
	r := serve(t)
	app := func(change ...func(*spec.Spec)) spec.Spec { return r.app("app", idle, change...) }
	if first := r.begin(app()); first[0].Changed == nil || len(first[0].Changed) > 0 {
		t.Errorf("a new app has changed %q", first[0].Changed)
	}
	r.act("stop", "app")
	next := app(func(s *spec.Spec) {
		s.Autostart, s.Env, s.KillTimeout = false, map[string]string{"TOKEN": "secret"}, 0
	})
	results := r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Start(ctx, api.StartCall{Specs: []spec.Spec{next}, Env: env, Wake: true, IDs: []int{0}}, each)
	})
	if len(results) != 1 || strings.Join(results[0].Changed, " ") != "autostart env.TOKEN kill_timeout" || results[0].Status != api.StatusOnline {
		t.Errorf("got %+v", results)
	}
}
