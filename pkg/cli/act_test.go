package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

func ok(id int, name string) api.Result {
	return api.Result{ID: id, Name: name, Status: api.StatusOnline}
}

// emptyTable is what follows the lines of a command here.
func emptyTable() string { return string(appendTable(nil, nil, terminal{})) }

func TestAct(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{
		"Act":  replies(api.ResultsReply{Results: []api.Result{ok(0, "api")}}, api.ResultsReply{Results: []api.Result{ok(3, "web")}}),
		"List": replies(api.ListReply{}),
	})
	for _, c := range []struct{ word, action string }{
		{"stop", "stop"}, {"restart", "restart"}, {"delete", "delete"}, {"del", "delete"}, {"reset", "reset"},
	} {
		p.run(t, c.word, "api", "3").check(t, 0, "[hub] Applying action "+c.action+"ProcessId on app [api]\n"+
			"[hub] Applying action "+c.action+"ProcessId on app [3]\n[hub] [api](0) ✓\n[hub] [web](3) ✓\n"+emptyTable(), "")
		calls := f.parameters("Act")
		if got, want := calls[len(calls)-1], `{"action":"`+c.action+`","targets":["api","3"]}`; got != want {
			t.Errorf("the daemon was asked %s, want %s", got, want)
		}
	}
	p.run(t, "--silent", "stop", "all").check(t, 0, "", "")
}

func TestActPartialFailure(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{
		"Act": replies(api.ResultsReply{Results: []api.Result{
			{ID: 1, Name: "web", Error: "exit code 1 while it started", Stderr: []string{"Error: boom\x1b[2J"}, Hint: "hubctl logs web"},
			ok(0, "api"),
			{ID: -1, Name: "nope", Error: "no such app"},
			{ID: 2, Name: "slow", Warnings: []string{"not ready within 3 s"}},
		}}),
		"List": replies(api.ListReply{}),
	})
	p.run(t, "restart", "all", "nope", "-s").check(t, 1, "",
		`[hub][ERROR] [web](1) exit code 1 while it started
    | Error: boom^[[2J
  hint: hubctl logs web
[hub][ERROR] [nope] no such app
`)
	r := p.run(t, "restart", "all", "nope")
	r.check(t, 1, "[hub] Applying action restartProcessId on app [all]\n[hub] Applying action restartProcessId on app [nope]\n"+
		"[hub] [api](0) ✓\n[hub] [slow](2) ✓\n"+emptyTable(), r.stderr)
	contains(t, r.stderr, "[hub][WARN] [slow](2) not ready within 3 s\n", "[hub][ERROR] [nope] no such app\n")
}

func TestActNothingFound(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"Act": refuses(api.Errorf(api.CodeNotFound, "No process found"))})
	p.run(t, "stop", "all", "-s").check(t, 1, "", "[hub][ERROR] No process found\n")
}

func TestActOnFile(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{
		"List": replies(api.ListReply{Rows: []api.Row{{Name: "one"}}}),
		"Act":  replies(api.ResultsReply{Results: []api.Result{ok(0, "one")}}),
	})
	writeFile(t, p, "eco.yaml", "apps:\n- {name: one, script: /bin/true}\n- {name: two, script: /bin/true}\n")
	if r := p.run(t, "stop", "eco.yaml"); r.code != 0 {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
	if got := f.parameters("Act"); len(got) != 1 || got[0] != `{"action":"stop","targets":["one"]}` {
		t.Errorf("the daemon was asked %q", got)
	}
	writeFile(t, p, "other.yaml", "name: three\nscript: /bin/true\n")
	p.run(t, "delete", "other.yaml").check(t, 0, "", "[hub][WARN] no app of other.yaml is in the list\n")
}

func TestRestartUpdateEnv(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{"Act": replies(api.ResultsReply{}), "List": replies(api.ListReply{})})
	p.run(t, "restart", "api", "--update-env")
	var got api.ActCall
	if err := json.Unmarshal([]byte(f.parameters("Act")[0]), &got); err != nil {
		t.Fatal(err)
	}
	if !got.UpdateEnv || strings.Join(got.Env, " ") != strings.Join(p.sys.Env, " ") {
		t.Errorf("sent %+v", got)
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	p, _ := newFake(t, map[string]answer{"Act": func(json.RawMessage) ([]any, *api.Error) {
		interrupt()
		<-ctx.Done()
		return nil, &api.Error{Code: "hang up"}
	}})
	p.runContext(ctx, "stop", "all", "-s").check(t, 130, "", "[hub] interrupted; the daemon carries on\n")
}

func TestDaemonGoesAway(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"Act": leaves(), "List": replies(api.ListReply{})})
	r := p.run(t, "stop", "all", "-s")
	if r.code != 1 {
		t.Errorf("exit code %d", r.code)
	}
	contains(t, r.stderr, "[hub][ERROR] the daemon went away\n")
}

func writeFile(tb testing.TB, p *place, name, text string) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(p.sys.Dir, name), []byte(text), 0o755); err != nil {
		tb.Fatal(err)
	}
}
