package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

// newStarts makes a fake that starts everything, with these rows in its list.
func newStarts(t *testing.T, rows ...api.Row) (*place, *fake) {
	t.Helper()
	p, f := newFake(t, map[string]answer{
		"List":      replies(api.ListReply{Rows: rows}),
		"Processes": describes(rows, &api.Detail{}),
		"Act":       replies(api.ResultsReply{Results: []api.Result{ok(0, "api")}}),
		"Start":     replies(api.ResultsReply{Results: []api.Result{ok(0, "api")}}),
	})
	writeFile(t, p, "api.js", "#!/bin/sh\n")
	writeFile(t, p, "server", "#!/bin/sh\n")
	writeFile(t, p, "eco.yaml", "apps:\n- {name: one, script: server, instances: 2, env_production: {A: 1}}\n- {name: two, script: server}\n")
	return p, f
}

// started returns the one Start that the daemon got.
func started(t *testing.T, f *fake, r ran) api.StartCall {
	t.Helper()
	var call api.StartCall
	if r.code != 0 {
		t.Fatalf("exit code %d: %s", r.code, r.stderr)
	}
	calls := f.parameters("Start")
	if len(calls) != 1 {
		t.Fatalf("%d calls of Start", len(calls))
	}
	if err := json.Unmarshal([]byte(calls[0]), &call); err != nil {
		t.Fatal(err)
	}
	return call
}

func TestStartScript(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	r := p.run(t, "start", "server", "--name", "web", "-i", "2", "--max-memory-restart", "300M", "--no-autorestart",
		"--stop-exit-codes", "1", "2", "-k", "500", "--namespace", "front", "--interpreter", "none", "--", "server", "--port", "80")
	call := started(t, f, r)
	s := call.Specs[0]
	if call.Existing != api.ExistingRefuse || strings.Join(call.Env, " ") != strings.Join(p.sys.Env, " ") {
		t.Errorf("called with existing %q, env %q", call.Existing, call.Env)
	}
	if s.Name != "web" || s.Instances != 2 || s.MaxMemory != 300<<20 || s.Autorestart || s.Namespace != "front" ||
		s.KillTimeout.Std() != 500*time.Millisecond || strings.Join(s.Args, " ") != "server --port 80" ||
		len(s.StopExitCodes) != 2 || s.Cwd != p.sys.Dir {
		t.Errorf("spec %+v", s)
	}
	if want := "[hub] Starting DIR/server in fork_mode (2 instances)\n[hub] [api](0) ✓\n" + emptyTable(); r.stdout != want {
		t.Errorf("stdout %q, want %q", r.stdout, want)
	}
}

func TestStartForce(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	if call := started(t, f, p.run(t, "start", "./server", "-f")); call.Existing != api.ExistingAdd {
		t.Errorf("existing %q", call.Existing)
	}
}

func TestStartCommandLine(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	call := started(t, f, p.run(t, "start", "sleep 100", "-n", "sleeper"))
	if s := call.Specs[0]; !s.Shell || s.Script != "sleep 100" || s.Name != "sleeper" {
		t.Errorf("spec %+v", s)
	}
}

func TestStartFile(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"start":   {"start", "eco.yaml", "--only", "one", "--env", "production"},
		"restart": {"restart", "eco.yaml", "--only=one", "--env=production"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, f := newStarts(t)
			call := started(t, f, p.run(t, args...))
			if len(call.Specs) != 1 || call.Specs[0].Name != "one" || call.Specs[0].Env["A"] != "1" || call.Existing != api.ExistingRestart {
				t.Errorf("called with %+v", call)
			}
		})
	}
}

func TestStartDefaultFile(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	p.run(t, "start").check(t, 1, "", "[hub][ERROR] file ecosystem.yaml not found\n  hint: name a file, a program or an app: hubctl start app.js\n")
	writeFile(t, p, "ecosystem.config.js", "module.exports = {}\n")
	r := p.run(t, "start")
	if r.code != 1 {
		t.Errorf("exit code %d for a JavaScript file", r.code)
	}
	contains(t, r.stderr, "ecosystem.config.js", "later release")
	writeFile(t, p, "ecosystem.yml", "script: ./server\n")
	if call := started(t, f, p.run(t, "start")); call.Specs[0].Name != "server" {
		t.Errorf("called with %+v", call)
	}
}

func TestStartListed(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"server", "office", "7", "all", "/^ser/"} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			p, f := newStarts(t, api.Row{ID: 7, Name: "server", Namespace: "office"})
			if r := p.run(t, "start", target); r.code != 0 {
				t.Fatalf("exit code %d: %s", r.code, r.stderr)
			}
			if got := f.parameters("Act"); len(got) != 1 || got[0] != `{"action":"start","targets":["`+target+`"]}` {
				t.Errorf("the daemon was asked %q", got)
			}
		})
	}
}

func TestStartRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"start", "eco.yaml", "--name", "x"}, "--name has no effect on file eco.yaml"},
		{[]string{"start", "eco.yaml", "-i", "2"}, "--instances has no effect on file eco.yaml"},
		{[]string{"start", "eco.yaml", "--", "x"}, "arguments behind -- have no effect on file eco.yaml"},
		{[]string{"start", "web", "--time"}, "--time has no effect on app web of the list"},
		{[]string{"start", "api.js", "--only", "x"}, "--only is for ecosystem files"},
		{[]string{"start", "666"}, "process 666 not found"},
		{[]string{"start", "nothing-there"}, "nothing-there"},
		{[]string{"start", "./server", "--max-memory-restart", "300X"}, "--max-memory-restart"},
		{[]string{"start", "./server", "--watch"}, "--watch"},
		{[]string{"start", "./server", "--port", "80"}, "unknown flag: --port"},
		{[]string{"start", "eco.yaml", "--only", "three"}, "three"},
		{[]string{"start", "missing.yaml"}, "missing.yaml"},
	} {
		t.Run(strings.Join(c.args[1:], " "), func(t *testing.T) {
			t.Parallel()
			p, f := newStarts(t, api.Row{ID: 1, Name: "web", Namespace: "default"})
			r := p.run(t, c.args...)
			if r.code != 1 || len(f.parameters("Start")) > 0 {
				t.Errorf("exit code %d, started %q", r.code, f.parameters("Start"))
			}
			contains(t, r.stderr, c.want)
		})
	}
}

func TestStartGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	r := p.run(t, "start", "./missing", "./server")
	if r.code != 1 || len(f.parameters("Start")) != 1 {
		t.Errorf("exit code %d, started %q", r.code, f.parameters("Start"))
	}
	contains(t, r.stderr, "[hub][ERROR]", "missing")
	if !strings.HasSuffix(r.stdout, emptyTable()) {
		t.Errorf("no table at the end of %q", r.stdout)
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	writeFile(t, p, "odd.yaml", "script: ./server\nmax_restart: 3\n")
	r := p.run(t, "start", "odd.yaml", "--strict")
	if r.code != 1 || len(f.parameters("Start")) > 0 {
		t.Errorf("exit code %d", r.code)
	}
	contains(t, r.stderr, "[hub][ERROR]", "max_restart")
	r = p.run(t, "start", "odd.yaml")
	if strings.Count(r.stderr, "max_restart:") != 1 || !strings.HasPrefix(r.stderr, "[hub][WARN] ") {
		t.Errorf("stderr %q; want one warning", r.stderr)
	}
	started(t, f, r)
}

func TestValidate(t *testing.T) {
	t.Parallel()
	p, _ := newStarts(t)
	writeFile(t, p, "odd.yaml", "apps:\n- script: ./server\n  max_restart: 3\n  kill_timeout: 5x\n")
	p.run(t, "validate", "eco.yaml").check(t, 0, "eco.yaml: ok, 2 apps\n", "")
	r := p.run(t, "validate", "odd.yaml", "eco.yaml")
	if r.code != 1 || r.stdout != "eco.yaml: ok, 2 apps\n" {
		t.Errorf("exit code %d, stdout %q", r.code, r.stdout)
	}
	contains(t, r.stderr, "odd.yaml:3", "max_restart", "odd.yaml:4", "kill_timeout")
}
