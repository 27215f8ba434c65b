package cli

import (
	"encoding/json"
	"slices"
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
		if got := f.parameters("Act"); len(got) != 2 || got[0] != got[1] {
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

// A start is refused where its app ran before, not where the first try has
// launched it.
func TestStartAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		created  int64
		existing []string
	}{
		{time.Now().Add(-time.Hour).UnixMilli(), []string{"refuse", "refuse"}},
		{time.Now().Add(time.Hour).UnixMilli(), []string{"refuse", "restart"}},
	} {
		p, f := newFake(t, map[string]answer{
			"Start": each(hangsUp(), replies(api.ResultsReply{Results: []api.Result{ok(0, "app")}})),
			"List":  replies(api.ListReply{}),
			"Processes": replies(api.ProcessesReply{Processes: []api.Process{
				{Name: "app", PM2Env: api.PM2Env{KillSignal: "SIGINT", CreatedAt: c.created}},
				{Name: "other", PM2Env: api.PM2Env{KillSignal: "SIGINT", CreatedAt: time.Now().Add(time.Hour).UnixMilli()}},
			}}),
		})
		writeFile(t, p, "app.sh", "#!/bin/sh\n")
		r := p.run(t, "start", "./app.sh")
		var asked []string
		for _, parameters := range f.parameters("Start") {
			var in api.StartCall
			if err := json.Unmarshal([]byte(parameters), &in); err != nil {
				t.Fatal(err)
			}
			asked = append(asked, in.Existing)
		}
		if r.code != 0 || !slices.Equal(asked, c.existing) {
			t.Errorf("exit code %d, asked with %q, want %q\n%s", r.code, asked, c.existing, r.stderr)
		}
	}
	p, f := newFake(t, map[string]answer{"Start": hangsUp(), "List": replies(api.ListReply{})})
	writeFile(t, p, "app.sh", "#!/bin/sh\n")
	r := p.run(t, "start", "./app.sh", "-f")
	if r.code != 1 || len(f.parameters("Start")) != 1 || !strings.Contains(r.stderr, "may have been done") {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
}
