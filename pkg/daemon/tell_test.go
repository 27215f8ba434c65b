package daemon

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// one does something with one instance and returns its error.
func (r *rig) one(in api.ActCall) string {
	r.Helper()
	var all []api.Result
	if err := r.Act(r.context(), in, func(some []api.Result) { all = append(all, some...) }); err != nil {
		r.Fatal(err)
	}
	if len(all) != 1 || all[0].Changed == nil {
		r.Fatalf("%+v", all)
	}
	return all[0].Error
}

func TestSignal(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", `trap 'echo got usr1' USR1; echo up; while :; do read x; done`))
	r.up("app")
	for _, signal := range []string{"SIGUSR1", "USR1", "usr1", "10"} {
		if err := r.one(api.ActCall{Action: api.ActionSignal, Targets: []string{"app"}, Signal: signal}); err != "" {
			t.Errorf("%s: %s", signal, err)
		}
	}
	r.says("app", "got usr1")
	for _, signal := range []string{"", "SIGFOO", "0", "65", "-1", "1.5"} {
		err := r.Act(r.context(), api.ActCall{Action: api.ActionSignal, Targets: []string{"app"}, Signal: signal}, func([]api.Result) {})
		wantError(t, err, api.CodeInvalid, "signal", "SIGUSR2")
	}
	r.act(api.ActionStop, "app")
	if err := r.one(api.ActCall{Action: api.ActionSignal, Targets: []string{"app"}, Signal: "USR1"}); err != "it does not run" {
		t.Errorf("of an app that is stopped: %s", err)
	}
}

func TestSendParameters(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle))
	line := "x"
	for _, c := range []struct {
		call api.ActCall
		says string
	}{
		{api.ActCall{Action: api.ActionSend}, "line is missing"},
		{api.ActCall{Action: api.ActionSend, Line: &line, Message: json.RawMessage(`1`)}, "line and message"},
		{api.ActCall{Action: api.ActionStop, Line: &line}, "line makes no sense with stop"},
		{api.ActCall{Action: api.ActionRestart, Message: json.RawMessage(`{}`)}, "message makes no sense"},
		{api.ActCall{Action: api.ActionScale, Count: "2", Signal: "HUP"}, "signal makes no sense"},
		{api.ActCall{Action: api.ActionReset, Count: "2"}, "count makes no sense"},
		{api.ActCall{Action: api.ActionSignal, Signal: "HUP", UpdateEnv: true}, "update_env makes no sense"},
	} {
		c.call.Targets = []string{"app"}
		wantError(t, r.Act(r.context(), c.call, func([]api.Result) {}), api.CodeInvalid, c.says)
	}
	if rows := r.rows(); rows != "app:online" {
		t.Error(rows)
	}
}

// What can be told is told; the others are named.
func TestSendToMany(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(
		r.app("reads", "echo up; read x; echo \"got $x\"; read x"),
		r.app("null", idle, func(s *spec.Spec) {
			s.NullStdin, s.Script = true, "/bin/sleep"
			s.Interpreter, s.Args = "none", []string{"1000"}
		}),
		r.app("down", idle, func(s *spec.Spec) { s.Autostart = false }),
	)
	line := "hello"
	var all []api.Result
	err := r.Act(r.context(), api.ActCall{Action: api.ActionSend, Targets: []string{"all", "nobody"}, Line: &line}, func(some []api.Result) { all = append(all, some...) })
	if err != nil {
		t.Fatal(err)
	}
	errs := make(map[string]string)
	for _, one := range all {
		errs[one.Name] = one.Error
	}
	if errs["reads"] != "" || !strings.Contains(errs["null"], "stdin: null") || errs["down"] != "it does not run" || !strings.Contains(errs["nobody"], "not found") || len(all) != 4 {
		t.Errorf("%+v", all)
	}
	r.says("reads", "got hello")
}

// Keys that a start changes are told, of what was there before.
func TestStartTellsChanges(t *testing.T) {
	t.Parallel()
	r := serve(t)
	results := r.begin(r.app("app", idle, func(s *spec.Spec) { s.Instances = 2 }))
	if len(results[0].Changed) > 0 {
		t.Errorf("a new app has changed in %v", results[0].Changed)
	}
	results = r.begin(r.app("app", idle, func(s *spec.Spec) {
		s.Instances, s.MaxRestarts, s.Env = 3, 5, map[string]string{"SECRET": "x"}
	}))
	for _, one := range results {
		want := "env.SECRET instances max_restarts"
		if one.Instance == 2 {
			want = ""
		}
		if got := strings.Join(one.Changed, " "); got != want {
			t.Errorf("instance %d: %q, want %q", one.Instance, got, want)
		}
	}
}
