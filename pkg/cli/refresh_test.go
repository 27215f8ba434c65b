package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// newKnown makes a fake whose list has instances 0 and 1 of the app one and 2 of
// two, both from eco.yaml, and 3 of the app bare, which came from no file.
func newKnown(t *testing.T, eco string) (*place, *fake) {
	t.Helper()
	p, f := newFake(t, map[string]answer{
		"List": replies(api.ListReply{}),
		"Act":  replies(api.ResultsReply{Results: []api.Result{ok(3, "bare")}}),
		"Start": replies(api.ResultsReply{Results: []api.Result{
			{ID: 0, Name: "one", Changed: []string{"args", "env.TOKEN"}}, {ID: 1, Name: "one", Changed: []string{"args", "env.TOKEN"}},
		}}),
		"Env": replies(api.EnvReply{Env: map[string]string{"PATH": "/usr/bin:/bin", "HOME": "/home/first", "TOKEN": "secret"}}),
	})
	file := filepath.Join(p.sys.Dir, "eco.yaml")
	rows := []api.Row{{ID: 0, Name: "one"}, {ID: 1, Name: "one"}, {ID: 2, Name: "two"}, {ID: 3, Name: "bare"}}
	hub := &api.Detail{File: file, EnvName: "test", DefaultNamespace: "shop"}
	f.answers["Processes"] = func(parameters json.RawMessage) ([]any, *api.Error) {
		all, err := describes(rows, hub)(parameters)
		for _, r := range all {
			list := r.(api.ProcessesReply).Processes
			for i := range list {
				if list[i].Name == "bare" {
					list[i].Hub = &api.Detail{}
				}
			}
		}
		return all, err
	}
	if eco != "" {
		if err := os.WriteFile(file, []byte(eco), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p, f
}

const ecoOfTwo = `
- {name: one, script: sleep, cwd: "~/x", instances: 4, env_test: {A: 1}, env_other: {A: 2}}
- {name: two, script: sleep}
`

// calls returns the parameters of each call of Start.
func calls(t *testing.T, f *fake) []api.StartCall {
	t.Helper()
	var all []api.StartCall
	for _, text := range f.parameters("Start") {
		var call api.StartCall
		if err := json.Unmarshal([]byte(text), &call); err != nil {
			t.Fatal(err)
		}
		all = append(all, call)
	}
	return all
}

func TestRestartRereadsTheFile(t *testing.T) {
	t.Parallel()
	for word, existing := range map[string]string{"restart": api.ExistingRestart, "reload": api.ExistingReload, "start": api.ExistingRestart} {
		p, f := newKnown(t, ecoOfTwo)
		r := p.run(t, word, "one")
		r.check(t, 0, "[hub] Applying action "+word+"ProcessId on app [one]\n[hub] [one] changed: args, env.TOKEN\n"+
			"[hub] [one](0) ✓\n[hub] [one](1) ✓\n"+emptyTable(), r.stderr)
		all := calls(t, f)
		if len(all) != 1 || len(all[0].Specs) != 1 || len(f.parameters("Act")) != 0 {
			t.Fatalf("%s: started %+v, did %q", word, all, f.parameters("Act"))
		}
		s := all[0].Specs[0]
		if all[0].Existing != existing || !all[0].Wake || all[0].UpdateEnv || len(all[0].IDs) != 0 {
			t.Errorf("%s: called with %+v", word, all[0])
		}
		if s.Name != "one" || s.Instances != 4 || s.Cwd != "/home/first/x" || s.EnvName != "test" || s.Env["A"] != "1" ||
			s.Namespace != "shop" || s.Username != "first" || s.File != filepath.Join(p.sys.Dir, "eco.yaml") {
			t.Errorf("%s: spec %+v", word, s)
		}
	}
}

func TestRestartWithOtherSection(t *testing.T) {
	t.Parallel()
	p, f := newKnown(t, ecoOfTwo)
	r := p.run(t, "restart", "all", "--env", "other")
	all := calls(t, f)
	if r.code != 1 || len(all) != 1 || len(all[0].Specs) != 2 || all[0].Specs[0].Env["A"] != "2" || all[0].Specs[1].EnvName != "other" {
		t.Errorf("exit code %d, started %+v", r.code, all)
	}
	if got := f.parameters("Act"); len(got) > 0 {
		t.Errorf("the daemon was asked %q", got)
	}
	contains(t, r.stderr, `app "two": env_other: is not there`, "[bare] --env other can't be applied: it came from no ecosystem file")
	p.run(t, "restart", "one", "--env", "other", "--keep-spec").check(t, 1, "",
		"[hub][ERROR] --env has no effect beside --keep-spec\n  hint: leave out one of the two\n")
}

func TestRestartOfSomeInstances(t *testing.T) {
	t.Parallel()
	p, f := newKnown(t, ecoOfTwo)
	p.run(t, "restart", "1", "2")
	all := calls(t, f)
	if len(all) != 2 || all[0].Specs[0].Name != "two" || len(all[0].IDs) != 0 || all[1].Specs[0].Name != "one" || !slices.Equal(all[1].IDs, []int{1}) {
		t.Errorf("started %+v", all)
	}
}

// One bad file fails its apps only, and stored values are a way out.
func TestRestartOfBrokenFile(t *testing.T) {
	t.Parallel()
	for eco, c := range map[string]struct {
		specs int
		says  []string
	}{
		"- {name: one": {0, []string{"DIR/eco.yaml:2: not valid YAML", "left as they were: one, two\n"}},
		"- {name: one, script: sleep, kill_timeout: soon}\n- {name: two, script: sleep}": {1, []string{`app "one": kill_timeout: `, "left as they were: one\n"}},
		"- {name: one, script: sleep}\n- {name: two, script: sleep}\n- text":             {0, []string{"DIR/eco.yaml:3: ", "left as they were: one, two\n"}},
	} {
		p, f := newKnown(t, eco)
		r := p.run(t, "restart", "all", "nobody")
		specs := 0
		for _, call := range calls(t, f) {
			specs += len(call.Specs)
		}
		if r.code != 1 || specs != c.specs {
			t.Errorf("%q: exit code %d, %d specs", eco, r.code, specs)
		}
		contains(t, r.stderr, c.says...)
		asked(t, f, `{"action":"restart","targets":["nobody","3"]}`)

		p, f = newKnown(t, eco)
		if r := p.run(t, "restart", "all", "--keep-spec"); r.code != 0 || r.stderr != "" {
			t.Errorf("%q with --keep-spec: exit code %d, stderr %q", eco, r.code, r.stderr)
		}
		asked(t, f, `{"action":"restart","targets":["all"]}`)
	}
}

func TestRestartKeepsStoredValues(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		eco  string
		mode os.FileMode
		says string
	}{
		"vanished":     {"", 0, "[hub][WARN] [one] the file cannot be read: lstat DIR/eco.yaml: no such file or directory; the stored values stay\n"},
		"renamed":      {"- {name: other, script: sleep}", 0o600, "[hub][WARN] [one] no app of this name is in DIR/eco.yaml any more; the stored values stay\n"},
		"others write": {ecoOfTwo, 0o606, "[hub][WARN] [one] the file DIR/eco.yaml is not looked at: DIR/eco.yaml may be written by everybody; the stored values stay\n"},
	} {
		p, f := newKnown(t, c.eco)
		if c.eco != "" {
			if err := os.Chmod(filepath.Join(p.sys.Dir, "eco.yaml"), c.mode); err != nil {
				t.Fatal(err)
			}
		}
		r := p.run(t, "restart", "one")
		r.check(t, 0, r.stdout, c.says)
		asked(t, f, `{"action":"restart","targets":["0","1"]}`)
		if r := p.run(t, "restart", "one", "--env", "other"); r.code != 1 || !strings.Contains(r.stderr, "[one] --env other can't be applied: ") {
			t.Errorf("%s with --env: exit code %d, stderr %q", name, r.code, r.stderr)
		}
		asked(t, f, `{"action":"restart","targets":["0","1"]}`)
	}
}

// Without the defaults of hubd.yaml an entry can't be resolved.
func TestRestartWithBrokenSettings(t *testing.T) {
	t.Parallel()
	p, f := newKnown(t, ecoOfTwo)
	writeFile(t, p, "hubd.yaml", "kill_timeout: soon\nmax_restarts: many\n")
	r := p.run(t, "restart", "one")
	if r.code != 0 || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	contains(t, r.stderr, "[one] DIR/eco.yaml is not looked at: DIR/hubd.yaml:1: kill_timeout: ", "; DIR/hubd.yaml:2: ", "; the stored values stay\n")
	asked(t, f, `{"action":"restart","targets":["0","1"]}`)
}

// A remembered name whose section is missing was told when it was given.
func TestRestartSaysNothingOfRememberedSection(t *testing.T) {
	t.Parallel()
	p, f := newKnown(t, "- {name: one, script: sleep, cwd: /}\n- {name: two, script: missing, odd: 1}")
	if r := p.run(t, "restart", "one"); r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	if all := calls(t, f); len(all) != 1 || all[0].Specs[0].EnvName != "test" {
		t.Errorf("started %+v", all)
	}
}

func TestRestartUpdatesEnv(t *testing.T) {
	t.Parallel()
	p, f := newKnown(t, ecoOfTwo)
	p.run(t, "restart", "one", "--update-env")
	all := calls(t, f)
	if len(all) != 1 || !all[0].UpdateEnv || !slices.Equal(all[0].Env, p.sys.Env) || len(f.parameters("Env")) != 0 ||
		all[0].Specs[0].Cwd != filepath.Join(p.sys.Dir, "x") {
		t.Errorf("called with %+v", all)
	}
}
