package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

const asksNext = "[hub] the daemon ended over this request; the next one is asked\n"

// What may be done twice is asked of the next daemon.
func TestRequestsAreRepeated(t *testing.T) {
	t.Parallel()
	done := replies(api.ResultsReply{Results: []api.Result{ok(0, "api")}})
	for _, args := range [][]string{{"stop", "api"}, {"restart", "api"}, {"reload", "api"}, {"reset", "api"}, {"delete", "api"}, {"scale", "api", "2"}} {
		p, f := newFake(t, map[string]answer{"Act": each(hangsUp(), done), "List": replies(api.ListReply{})})
		r := p.run(t, args...)
		r.check(t, 0, r.stdout, asksNext)
		got := f.parameters("Act")
		if args[0] != "delete" {
			got = sinceRemoved(t, got)
		}
		if len(got) != 2 || got[0] != got[1] {
			t.Errorf("%q: the daemon was asked %q", args, got)
		}
	}
	list := replies(api.ListReply{Rows: []api.Row{{Name: "api"}}})
	p, _ := newFake(t, map[string]answer{"List": each(hangsUp(), list)})
	r := p.run(t, "list")
	r.check(t, 0, r.stdout, "")
	part := api.ProcessesReply{Processes: []api.Process{{Name: "half"}}}
	p, _ = newFake(t, map[string]answer{"Processes": each(hangsUp(part), replies(api.ProcessesReply{}))})
	p.run(t, "jlist").check(t, 0, "[]\n", "")
}

func TestRequestsThatAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"send", "api", "x"}, {"sendSignal", "HUP", "api"}, {"scale", "api", "+2"}} {
		p, f := newFake(t, map[string]answer{"Act": hangsUp(), "List": replies(api.ListReply{})})
		p.run(t, append(args, "-s")...).check(t, 1, "",
			"[hub][ERROR] the daemon ended over this request, which may have been done\n  hint: see what hubctl list shows before you repeat it\n")
		if got := f.parameters("Act"); len(got) != 1 {
			t.Errorf("%q: the daemon was asked %q", args, got)
		}
	}
}

// What is not there any more when a delete is repeated was deleted by the first
// try; what never was there is an error of the first.
func TestDeleteAgain(t *testing.T) {
	t.Parallel()
	unknown := refuses(&api.Error{Code: api.CodeNotFound, Message: "No process found", Target: "api"})
	missing := replies(api.ResultsReply{Results: []api.Result{{ID: -1, Name: "api", Error: "not found"}, ok(1, "web")}})
	for _, second := range []answer{unknown, missing} {
		p, _ := newFake(t, map[string]answer{"Act": each(hangsUp(), second), "List": replies(api.ListReply{})})
		r := p.run(t, "delete", "api")
		r.check(t, 0, r.stdout, asksNext+"[hub][WARN] [api] is not in the list any more\n")
		p, _ = newFake(t, map[string]answer{"Act": second, "List": replies(api.ListReply{})})
		if r := p.run(t, "delete", "api", "-s"); r.code != 1 {
			t.Errorf("exit code %d for what never was there", r.code)
		}
	}
}

// sinceRemoved checks that all calls but the first say when that was made, which
// is taken out.
func sinceRemoved(t *testing.T, calls []string) (out []string) {
	t.Helper()
	for n, parameters := range calls {
		var call map[string]any
		if err := json.Unmarshal([]byte(parameters), &call); err != nil {
			t.Fatal(err)
		}
		since, ok := call["since"].(float64)
		age := time.Since(time.UnixMilli(int64(since)))
		if ok != (n > 0) || ok && (age < 0 || age > time.Minute) {
			t.Errorf("call %d: %s", n, parameters)
		}
		delete(call, "since")
		rest, err := json.Marshal(call)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(rest))
	}
	return out
}

// The daemon is told that a start is made again: it can tell what the first has
// launched.
func TestStartAgain(t *testing.T) {
	t.Parallel()
	done := replies(api.ResultsReply{Results: []api.Result{ok(0, "app")}})
	p, f := newFake(t, map[string]answer{"Start": each(hangsUp(), hangsUp(), done), "List": replies(api.ListReply{})})
	writeFile(t, p, "app.sh", "#!/bin/sh\n")
	r := p.run(t, "start", "./app.sh")
	if got := sinceRemoved(t, f.parameters("Start")); r.code != 0 || len(got) != 3 || got[0] != got[1] || got[1] != got[2] {
		t.Errorf("exit code %d, asked with %q\n%s", r.code, got, r.stderr)
	}
	p, f = newFake(t, map[string]answer{"Resurrect": each(hangsUp(), replies(api.ResurrectReply{})), "List": replies(api.ListReply{})})
	r = p.run(t, "resurrect")
	if got := sinceRemoved(t, f.parameters("Resurrect")); r.code != 0 || len(got) != 2 {
		t.Errorf("exit code %d, asked with %q\n%s", r.code, got, r.stderr)
	}
	p, f = newFake(t, map[string]answer{"Start": hangsUp(), "List": replies(api.ListReply{})})
	writeFile(t, p, "app.sh", "#!/bin/sh\n")
	r = p.run(t, "start", "./app.sh", "-f")
	if r.code != 1 || len(f.parameters("Start")) != 1 || !strings.Contains(r.stderr, "may have been done") {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
}
