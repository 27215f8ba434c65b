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
