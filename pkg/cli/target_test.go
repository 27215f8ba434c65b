package cli

import (
	"path/filepath"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// scripted is a process of the list with its script, a path in the place.
func scripted(p *place, id int, name, script string) api.Process {
	return api.Process{PMID: id, Name: name, PM2Env: api.PM2Env{ExecPath: filepath.Join(p.sys.Dir, script), KillSignal: "SIGINT"}}
}

func TestScriptTargets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ target, asked string }{
		{"app.js", `["0","1","3"]`},
		{"./app.js", `["0","1"]`},
		{"sub/../app.js", `["0","1"]`},
		{"bare", `["2"]`},
		{"other.js", `["other.js"]`},
		{"1", `["1"]`},
		{"all", `["all"]`},
		{"/app.js/", `["/app.js/"]`},
		{"api", `["api"]`},
	} {
		t.Run(c.target, func(t *testing.T) {
			t.Parallel()
			answers := map[string]answer{"Act": replies(api.ResultsReply{}), "List": replies(api.ListReply{})}
			p, f := newFake(t, answers)
			answers["Processes"] = replies(api.ProcessesReply{Processes: []api.Process{
				scripted(p, 0, "api", "app.js"), scripted(p, 1, "web", "app.js"),
				scripted(p, 2, "tool", "bare"), scripted(p, 3, "app.js", "elsewhere.js"),
			}})
			writeFile(t, p, "bare", "")
			p.run(t, "stop", c.target)
			if got := f.parameters("Act"); len(got) != 1 || got[0] != `{"action":"stop","targets":`+c.asked+`}` {
				t.Errorf("the daemon was asked %q", got)
			}
		})
	}
}

// A bare word that is no file costs no second question.
func TestNameTargetsAskOnce(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{"Act": replies(api.ResultsReply{}), "List": replies(api.ListReply{})})
	p.run(t, "stop", "api", "0", "/x/", "all").check(t, 0,
		"[hub] Applying action stopProcessId on app [api]\n[hub] Applying action stopProcessId on app [0]\n"+
			"[hub] Applying action stopProcessId on app [/x/]\n[hub] Applying action stopProcessId on app [all]\n", "")
	if got := f.parameters("Processes"); len(got) != 0 {
		t.Errorf("the daemon was asked for all processes: %q", got)
	}
}

// Commands that look take files and scripts like those that act.
func TestSeenTargets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args         []string
		method, want string
	}{
		{[]string{"describe", "eco.yaml"}, "Processes", `{"targets":["one"],"detail":true}`},
		{[]string{"describe", "./app.js"}, "Processes", `{"targets":["7"],"detail":true}`},
		{[]string{"id", "./app.js"}, "List", `{"targets":["7"]}`},
		{[]string{"logs", "eco.yaml", "--raw", "--nostream", "--lines", "1"}, "Logs", `{"targets":["one"],"lines":1}`},
		{[]string{"flush", "./app.js", "x"}, "LogControl", `{"action":"flush","targets":["7","x"]}`},
		{[]string{"reloadLogs", "eco.yaml"}, "LogControl", `{"action":"reopen","targets":["one"]}`},
	} {
		answers := map[string]answer{
			"List": replies(api.ListReply{Rows: []api.Row{{Name: "one"}, {Name: "x"}}}), "Logs": replies(api.LogsReply{}),
			"LogControl": replies(api.LogControlReply{}),
		}
		p, f := newFake(t, answers)
		answers["Processes"] = replies(api.ProcessesReply{Processes: []api.Process{scripted(p, 7, "seven", "app.js")}})
		writeFile(t, p, "eco.yaml", "apps:\n- {name: one, script: /bin/true}\n- {name: two, script: /bin/true}\n")
		writeFile(t, p, "none.yaml", "{name: three, script: /bin/true}\n")
		if r := p.run(t, c.args...); r.code != 0 {
			t.Errorf("%q: exit code %d: %s", c.args, r.code, r.stderr)
		}
		if got := f.parameters(c.method); len(got) == 0 || got[len(got)-1] != c.want {
			t.Errorf("%q: the daemon was asked %q, want %s", c.args, got, c.want)
		}
		r := p.run(t, c.args[0], "none.yaml")
		if r.code != 1 {
			t.Errorf("%s: exit code %d for a file without an app of the list", c.args[0], r.code)
		}
		contains(t, r.stderr, "[hub][ERROR] no app of none.yaml is in the list\n")
	}
}
