package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

func someProcess() api.Process {
	return api.Process{
		PID: 4242, Name: "api", PMID: 3, Monit: api.Monit{Memory: 32505856, CPU: 1.5},
		PM2Env: api.PM2Env{
			Name: "api", Namespace: "default", PMID: 3, Version: "1.0.0", Status: api.StatusErrored, RestartTime: 2,
			UnstableRestarts: 1, ExecPath: "/srv/api/server.js", Cwd: "/srv/api", Interpreter: "node", ExecMode: "fork_mode",
			Args: []string{"--port", "80"}, OutLogPath: "/h/logs/api-out.log", ErrLogPath: "/h/logs/api-error.log",
			PidPath: "/h/pids/api-3.pid", MaxMemory: 300 << 20, WaitReady: true, CreatedAt: 1767225600000,
			KillSignal: "SIGINT", ListenTimeout: spec.Duration(10 * time.Second),
		},
		Hub: &api.Detail{
			Want: "up", NotReady: true, LastExit: "exit code 1", MemoryPeak: 42152755, Tree: 2, File: "/srv/ecosystem.yaml",
			Events: []api.Event{{Time: 1767225600000, Kind: "exit", Reason: "exit code 1 after 20 ms\x1b[1A"}},
		},
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	process := someProcess()
	p, f := newFake(t, map[string]answer{"Processes": replies(api.ProcessesReply{Processes: []api.Process{process}})})
	r := p.run(t, "show", "api")
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	stamp := time.UnixMilli(process.Hub.Events[0].Time).Format(time.DateTime)
	golden(t, "describe", strings.ReplaceAll(r.stdout, stamp, "YYYY-MM-DD hh:mm:ss"))
	contains(t, r.stdout, "│ memory             │ 31.0mb now, 40.2mb peak ")
	if got := f.parameters("Processes"); len(got) != 1 || got[0] != `{"targets":["api"],"detail":true}` {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestDescribeFitsTheTerminal(t *testing.T) {
	t.Parallel()
	process := someProcess()
	process.Hub.Events = nil
	process.PM2Env.ExecPath = "/" + strings.Repeat("long/", 40)
	for line := range strings.Lines(string(appendProcess(nil, &process, terminal{width: 80}))) {
		if w := displayWidth(strings.TrimSuffix(line, "\n")); w > 80 {
			t.Errorf("%d columns: %s", w, line)
		}
	}
}

func TestDescribeUnknown(t *testing.T) {
	t.Parallel()
	missing := api.Errorf(api.CodeNotFound, "there is no app %q", "nope")
	missing.Hint = "see hubctl list"
	p, _ := newFake(t, map[string]answer{"Processes": refuses(missing)})
	p.run(t, "describe", "nope").check(t, 1, "", "[hub][ERROR] there is no app \"nope\"\n  hint: see hubctl list\n")
}

func TestJlist(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{
		"Processes": replies(
			map[string]any{"processes": []any{map[string]any{"pm_id": 0, "future": true}, map[string]any{"pm_id": 1}}},
			map[string]any{"processes": []any{map[string]any{"pm_id": 2}}}),
	})
	p.run(t, "jlist").check(t, 0, `[{"future":true,"pm_id":0},{"pm_id":1},{"pm_id":2}]`+"\n", "")
	p, _ = newFake(t, map[string]answer{"Processes": replies(api.ProcessesReply{})})
	p.run(t, "jlist", "--silent").check(t, 0, "[]\n", "")
}

func TestIDAndPID(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"List": replies(api.ListReply{Rows: []api.Row{{ID: 0, PID: 77}, {ID: 4}}})})
	p.run(t, "id", "api").check(t, 0, "[ 0, 4 ]\n", "")
	p.run(t, "pid", "api").check(t, 0, "77\n0\n", "")

	p, _ = newFake(t, map[string]answer{"List": refuses(api.Errorf(api.CodeNotFound, "no app nope"))})
	p.run(t, "id", "nope").check(t, 0, "[]\n", "[hub][WARN] no app nope\n")
	p.run(t, "pid", "nope").check(t, 0, "\n", "[hub][WARN] no app nope\n")
}
