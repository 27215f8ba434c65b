package cli

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

func TestFindWord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, word, rest string }{
		{"list", "list", ""},
		{"-s list -m", "list", "-s -m"},
		{"--name x start a.js -- list", "start", "--name x a.js -- list"},
		{"--name list start a.js", "start", "--name list a.js"},
		{"--name=x start a.js", "start", "--name=x a.js"},
		{"-i 2 -n api start a.js", "start", "-i 2 -n api a.js"},
		{"-s nope", "nope", "-s"},
		{"--bogus list", "list", "--bogus"},
		{"--silent", "", "--silent"},
		{"-s -- list", "", "-s -- list"},
		{"-s help", "help", "-s"},
	} {
		c0 := &ctl{}
		word, rest := c0.findWord(strings.Fields(c.args))
		if word != c.word || strings.Join(rest, " ") != c.rest {
			t.Errorf("%s: %q %q, want %q %q", c.args, word, rest, c.word, c.rest)
		}
	}
}

func TestJoinExitCodes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a.js --stop-exit-codes 1 2":           "a.js --stop-exit-codes 1,2",
		"--stop-exit-codes 1, 2 a.js 3":        "--stop-exit-codes 1,2 a.js 3",
		"--stop-exit-codes=1 2":                "--stop-exit-codes=1 2",
		"a.js --stop-exit-codes":               "a.js --stop-exit-codes",
		"a.js -- --stop-exit-codes 1 2":        "a.js -- --stop-exit-codes 1 2",
		"--stop-exit-codes 0,143 a.js":         "--stop-exit-codes 0,143 a.js",
		"--stop-exit-codes 1 --name 2 -- 3":    "--stop-exit-codes 1 --name 2 -- 3",
		"a.js --stop-exit-codes 1 -- 2 server": "a.js --stop-exit-codes 1 -- 2 server",
	} {
		if got := strings.Join(joinExitCodes(strings.Fields(in)), " "); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	r := p.run(t)
	if r.code != 1 || r.stderr != "" {
		t.Errorf("without arguments: exit code %d, stderr %q", r.code, r.stderr)
	}
	contains(t, r.stdout, "Usage:", "hubctl [command]", "start", "resurrect")
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}} {
		if again := p.run(t, args...); again.code != 0 || again.stdout != r.stdout {
			t.Errorf("%q: exit code %d, stdout %q", args, again.code, again.stdout)
		}
	}

	r = p.run(t, "lits")
	if r.code != 1 || r.stderr != "[hub][ERROR] unknown command \"lits\"\n  hint: did you mean list or logs?\n" {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	contains(t, r.stdout, "Usage:")

	contains(t, p.run(t, "zzz").stderr, "[hub][ERROR] unknown command \"zzz\"\n")

	for _, args := range [][]string{{"start", "--help"}, {"help", "start"}} {
		r = p.run(t, args...)
		if r.code != 0 || r.stderr != "" {
			t.Errorf("%q: exit code %d, stderr %q", args, r.code, r.stderr)
		}
		contains(t, r.stdout, "hubctl start [target…] [-- argument…]", "--max-memory-restart")
		if strings.Contains(r.stdout, "--cron") {
			t.Errorf("%q shows a flag of a later release", args)
		}
	}
	p.run(t, "list", "--bogus").check(t, 1, "", "[hub][ERROR] unknown flag: --bogus\n")
	p.run(t, "stop").check(t, 1, "", "[hub][ERROR] missing required argument `target'\n")
	p.run(t, "save", "x").check(t, 1, "", "[hub][ERROR] unknown command argument: x\n  hint: save takes none; see hubctl save --help\n")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, args := range [][]string{{"-v"}, {"-V"}, {"--version"}, {"version"}} {
		p.run(t, args...).check(t, 0, api.Version+"\n", "")
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	r := p.run(t, "__complete", "res")
	if r.code != 0 {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
	contains(t, r.stdout, "restart", "resurrect", "reset")
}

func TestSave(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{"Dump": replies(api.DumpReply{Path: "/h/dump.json", Apps: 2})})
	saving := "[hub] Saving current process list...\n"
	p.run(t, "save").check(t, 0, saving+"[hub] Successfully saved in /h/dump.json\n", "")
	p.run(t, "dump", "--force")
	if got := f.parameters("Dump"); !slices.Equal(got, []string{"{}", `{"force":true}`}) {
		t.Errorf("the daemon was asked %q", got)
	}
	p, _ = newFake(t, map[string]answer{"Dump": refuses(api.Errorf(api.CodeRefused, "the list is empty"))})
	p.run(t, "save").check(t, 0, saving,
		"[hub][WARN] the list is empty, skipping save...\n[hub][WARN] To force saving use: hubctl save --force\n")
	if r := p.run(t, "save", "-f"); r.code != 1 {
		t.Errorf("exit code %d when forced saving is refused", r.code)
	}
}

func TestResurrect(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{
		"Resurrect": replies(api.ResurrectReply{Path: "/h/dump.json", Results: []api.Result{ok(0, "api")}}),
		"List":      replies(api.ListReply{}),
	})
	p.run(t, "resurrect").check(t, 0,
		"[hub] Resurrecting\n[hub] [api](0) ✓\n[hub] Restored processes located in /h/dump.json\n"+emptyTable(), "")
	p, _ = newFake(t, map[string]answer{"Resurrect": refuses(api.Errorf(api.CodeNotFound, "no list is saved"))})
	p.run(t, "resurrect", "-s").check(t, 1, "", "[hub][ERROR] no list is saved\n")
}

func TestFlush(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{"LogControl": replies(api.LogControlReply{Files: []string{"/h/a.log", "/h/b.log"}})})
	p.run(t, "flush", "api").check(t, 0, "[hub] Flushing:\n[hub] /h/a.log\n[hub] /h/b.log\n[hub] Logs flushed\n", "")
	if got := f.parameters("LogControl"); len(got) != 1 || got[0] != `{"action":"flush","targets":["api"]}` {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{
		"Daemon":                      replies(map[string]any{"pid": 1}),
		"Events":                      replies(map[string]any{"n": 1}, map[string]any{"n": 2}),
		"org.varlink.service.GetInfo": replies(map[string]any{"vendor": "x"}),
	})
	p.run(t, "api", "Daemon").check(t, 0, "{\"pid\":1}\n", "")
	p.run(t, "api", "Events", `{"targets":["api"]}`, "--more").check(t, 0, "{\"n\":1}\n{\"n\":2}\n", "")
	p.run(t, "api", "org.varlink.service.GetInfo").check(t, 0, "{\"vendor\":\"x\"}\n", "")
	if got := f.parameters("Events"); len(got) != 1 || got[0] != `{"targets":["api"]}` {
		t.Errorf("the daemon was asked %q", got)
	}
	r := p.run(t, "api", "Events", "{")
	if r.code != 1 {
		t.Errorf("exit code %d for parameters that are not JSON", r.code)
	}
	if r := p.run(t, "api", "Nothing"); r.code != 1 {
		t.Errorf("exit code %d for an unknown method", r.code)
	}
}

// hubctl is typed all day: what it links is start-up time.
func TestDependencies(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "github.com/leadmaster/hub/cmd/hubctl").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		for _, bad := range []string{"net/http", "github.com/gin-gonic", "github.com/shirou/gopsutil", "database/sql", "text/tabwriter"} {
			if path == bad || strings.HasPrefix(path, bad+"/") {
				t.Errorf("hubctl links %s", path)
			}
		}
	}
}
