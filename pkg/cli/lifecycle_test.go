package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

// asked is what the daemon's Act must have been called with.
func asked(t *testing.T, f *fake, want string) {
	t.Helper()
	if got := f.parameters("Act"); !slices.Equal(got, []string{want}) {
		t.Errorf("the daemon was asked %q, want %s", got, want)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"reload", "gracefulReload"} {
		p, f := newStarts(t)
		p.run(t, word, "api").check(t, 0, "[hub] Applying action reloadProcessId on app [api]\n[hub] [api](0) ✓\n"+emptyTable(), "")
		asked(t, f, `{"action":"reload","targets":["api"]}`)

		p, f = newStarts(t)
		if call := started(t, f, p.run(t, word, "eco.yaml", "--only", "one")); call.Existing != api.ExistingReload {
			t.Errorf("%s: existing %q", word, call.Existing)
		}
	}
}

func TestStartOr(t *testing.T) {
	t.Parallel()
	for word, existing := range map[string]string{
		"startOrRestart": api.ExistingRestart, "startOrReload": api.ExistingReload, "startOrGracefulReload": api.ExistingReload,
	} {
		p, f := newStarts(t)
		if call := started(t, f, p.run(t, word, "eco.yaml", "--env", "production")); call.Existing != existing || len(call.Specs) != 2 {
			t.Errorf("%s: called with %+v", word, call)
		}
	}
	p, _ := newStarts(t)
	p.run(t, "startOrRestart", "api").check(t, 1, "",
		"[hub][ERROR] api is no ecosystem file\n  hint: hubctl start and restart take programs and apps\n")
}

func TestScale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args  []string
		count string
	}{
		{[]string{"scale", "api", "4"}, "4"}, {[]string{"scale", "api", "+2"}, "+2"}, {[]string{"scale", "api", "-1"}, "-1"},
		{[]string{"scale", "-s", "api", "-1"}, "-1"}, {[]string{"scale", "api", "-1", "-s"}, "-1"}, {[]string{"scale", "api", "--", "-1"}, "-1"},
	} {
		p, f := newStarts(t)
		if r := p.run(t, c.args...); r.code != 0 {
			t.Errorf("%q: exit code %d: %s", c.args, r.code, r.stderr)
		}
		asked(t, f, `{"action":"scale","targets":["api"],"count":"`+c.count+`"}`)
	}
	p, f := newStarts(t)
	p.run(t, "scale", "api", "two").check(t, 1, "", "[hub][ERROR] found \"two\" as the count\n  hint: want a number such as 4, or +2 or -1 for more or fewer\n")
	p.run(t, "scale", "api").check(t, 1, "", "[hub][ERROR] missing required argument `count'\n")
	if got := f.parameters("Act"); len(got) > 0 {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestSendSignal(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	p.run(t, "sendSignal", "SIGUSR1", "api", "3").check(t, 0,
		"[hub] Sending signal SIGUSR1 to app [api]\n[hub] Sending signal SIGUSR1 to app [3]\n[hub] [api](0) ✓\n"+emptyTable(), "")
	asked(t, f, `{"action":"signal","targets":["api","3"],"signal":"SIGUSR1"}`)
	p.run(t, "sendSignal", "SIGUSR1").check(t, 1, "", "[hub][ERROR] missing required argument `target'\n")
}

func TestSend(t *testing.T) {
	t.Parallel()
	p, f := newStarts(t)
	p.run(t, "send", "api", "a line\x1b[2J").check(t, 0, "[hub] Sending a line to app [api]\n[hub] [api](0) ✓\n"+emptyTable(), "")
	var call api.ActCall
	if got := f.parameters("Act"); len(got) != 1 || json.Unmarshal([]byte(got[0]), &call) != nil || call.Line == nil || *call.Line != "a line\x1b[2J" {
		t.Errorf("the daemon was asked %q", got)
	}
	p.run(t, "send", "api").check(t, 1, "", "[hub][ERROR] missing required argument `line'\n")
}

func TestEnv(t *testing.T) {
	t.Parallel()
	list := func(rows ...api.Row) answer { return replies(api.ListReply{Rows: rows}) }
	p, f := newFake(t, map[string]answer{"List": list(api.Row{ID: 3, Name: "api"}), "Env": replies(api.EnvReply{ID: 3, Name: "api", Env: map[string]string{
		"PORT": "80", "A": "two\nlines", "TITLE": "\x1b]0;x\x07", "Z": "",
	}})})
	p.run(t, "env", "api").check(t, 0, "A: two^Jlines\nPORT: 80\nTITLE: ^[]0;x^G\nZ: \n", "")
	if got := f.parameters("Env"); !slices.Equal(got, []string{`{"target":"3"}`}) {
		t.Errorf("the daemon was asked %q", got)
	}
	p, _ = newFake(t, map[string]answer{"List": refuses(api.Errorf(api.CodeNotFound, "Process 9 not found"))})
	p.run(t, "env", "9").check(t, 1, "", "[hub][ERROR] Process 9 not found\n")
	p, f = newFake(t, map[string]answer{"List": list(api.Row{ID: 3, Name: "api"}, api.Row{ID: 4, Name: "api"})})
	p.run(t, "env", "api").check(t, 1, "", "[hub][ERROR] api means 2 instances\n  hint: name one by its id: 3, 4\n")
	if got := f.parameters("Env"); len(got) > 0 {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestPrettylist(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"Processes": replies(api.ProcessesReply{Processes: []api.Process{
		{Name: "api", PM2Env: api.PM2Env{Name: "api", InstanceVar: "NODE_APP_INSTANCE", Status: "online", Args: []string{"--x"}}},
	}})})
	r := p.run(t, "prettylist")
	contains(t, r.stdout, "[\n  {\n    pid: 0,\n    name: 'api',\n", "monit: { memory: 0, cpu: 0 }", "      status: 'online',\n",
		"      args: [ '--x' ],\n", "      NODE_APP_INSTANCE: 0,\n")
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	p, _ = newFake(t, map[string]answer{"Processes": replies(api.ProcessesReply{})})
	p.run(t, "prettylist").check(t, 0, "[]\n", "")
}

func TestReport(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{
		"Strays": replies(api.StraysReply{Strays: []api.Stray{{PID: 4711, Command: "sleep\x1b[2J", Started: time.Now().Add(-90 * time.Minute).UnixMilli()}}}),
		"Daemon": replies(api.DaemonReply{Version: "9.9.9", PID: 77, Home: "/h", User: "ops", State: "online"}),
		"List":   replies(api.ListReply{Rows: []api.Row{{Name: "api\x1b[2J"}}, Host: &api.Host{MemoryUsed: 1 << 30, MemoryTotal: 2 << 30}}),
		"Logs": replies(api.LogsReply{
			Sources: []api.LogSource{{Path: "/h/hubd.log", Stream: api.StreamHubd, ID: -1, Name: "hubd"}},
			Lines:   []api.LogLine{{Text: "hello \x1b[1A"}},
		}),
	})
	p.sys.Env = append(p.sys.Env, "TOKEN=secret-value")
	r := p.run(t, "report")
	contains(t, r.stdout, "--- hub report ---", "hubd version         : 9.9.9\n", "HUB_HOME             : /h\n", "api^[[2J", "hello ^[[1A\n",
		"1.0gb of 2.0gb used", "--- Processes of no app ---", "pid 4711             : sleep^[[2J, for 1h\n", "--- Daemon log, last 1 line ---")
	if r.code != 0 || r.stderr != "" || strings.Contains(r.stdout, "secret-value") || strings.Contains(r.stdout, "\x1b") {
		t.Errorf("exit code %d, stderr %q, stdout %q", r.code, r.stderr, r.stdout)
	}
	if got := f.parameters("Logs"); !slices.Equal(got, []string{`{"targets":["hubd"],"lines":20}`}) {
		t.Errorf("the daemon was asked %q", got)
	}
}

// A daemon that knows nothing of strays has a report as well.
func TestReportOfOlderDaemon(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{
		"List": replies(api.ListReply{}),
		"Logs": replies(api.LogsReply{}),
	})
	r := p.run(t, "report")
	contains(t, r.stdout, "--- Daemon log, last 0 lines ---")
	if r.code != 0 || r.stderr != "" || strings.Contains(r.stdout, "no app") {
		t.Errorf("exit code %d, stderr %q, stdout %q", r.code, r.stderr, r.stdout)
	}
}

// Without a daemon only these commands start one; here there is none to start.
func TestWhoStartsADaemon(t *testing.T) {
	t.Parallel()
	file := "eco.yaml"
	starts := [][]string{
		{"ping"}, {"list"}, {"jlist"}, {"prettylist"}, {"save"}, {"resurrect"},
		{"start", "./server"}, {"start", file}, {"startOrRestart", file}, {"startOrReload", file},
	}
	needs := [][]string{
		{"restart", "api"}, {"restart", file}, {"reload", "api"}, {"reload", file}, {"stop", "api"}, {"stop", file}, {"delete", "all"},
		{"reset", "all"}, {"scale", "api", "2"}, {"sendSignal", "SIGHUP", "api"}, {"send", "api", "x"}, {"attach", "api"}, {"env", "api"},
		{"describe", "api"}, {"id", "api"}, {"pid"}, {"logs"}, {"flush"}, {"report"}, {"api", "Daemon"}, {"stop", "./server"},
	}
	for i, args := range slices.Concat(starts, needs) {
		p := newPlace(t)
		writeFile(t, p, "server", "#!/bin/sh\n")
		writeFile(t, p, file, "script: ./server\n")
		r := p.run(t, args...)
		tried := strings.Contains(r.stderr, "starting the daemon")
		if r.code != 1 || tried != (i < len(starts)) {
			t.Errorf("%q: exit code %d, stderr %q", args, r.code, r.stderr)
		}
		if !tried {
			contains(t, r.stderr, "[hub][ERROR] no daemon is running\n")
		}
	}
}
