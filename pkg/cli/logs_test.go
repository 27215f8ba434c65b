package cli

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// someLogs is what a daemon sends: each file with its last lines.
func someLogs() []any {
	return []any{
		api.LogsReply{
			Sources: []api.LogSource{{Path: "/h/hubd.log", Stream: api.StreamHubd, ID: -1, Name: "hubd"}},
			Lines:   []api.LogLine{{Source: 0, Text: "started"}},
		},
		api.LogsReply{
			Sources: []api.LogSource{{Path: "/h/logs/api-out.log", Stream: api.StreamOut, ID: 0, Name: "api"}},
			Lines:   []api.LogLine{{Source: 1, Text: "one"}, {Source: 1, Text: "two \x1b[31mred\x1b[0m\x1b[2J"}},
		},
		api.LogsReply{
			Sources: []api.LogSource{{Path: "/h/logs/api-error.log", Stream: api.StreamErr, ID: 0, Name: "api"}},
			Lines:   []api.LogLine{{Source: 2, Base64: []byte("bad \xff byte")}},
		},
		api.LogsReply{
			Sources: []api.LogSource{{Path: "/h/logs/worker.log", Stream: api.StreamOut, ID: -1, Name: "a-long-worker"}},
		},
		api.LogsReply{}, // the last lines are over
		api.LogsReply{Lines: []api.LogLine{{Source: 3, Text: "work"}}},
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{
		"List": replies(api.ListReply{Rows: []api.Row{{ID: 1, Name: "a-long-worker"}, {ID: 0, Name: "api"}}}),
		"Logs": replies(someLogs()...),
	})
	r := p.run(t, "logs", "--nostream")
	golden(t, "logs", r.stdout)
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
	p.run(t, "log", "api", "hubd", "--err", "--lines=20", "--nostream", "--raw").check(t, 0,
		"started\none\ntwo \x1b[31mred\x1b[0m\x1b[2J\nwork\n", "bad \xff byte\n")
	if got := f.parameters("List"); len(got) != 1 {
		t.Errorf("the daemon was asked %d lists for one run that is not raw", len(got))
	}
	want := []string{`{"lines":15}`, `{"targets":["api","hubd"],"lines":20,"streams":["err"]}`}
	if got := f.parameters("Logs"); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("the daemon was asked %q, want %q", got, want)
	}
}

func TestLogsColour(t *testing.T) {
	t.Parallel()
	v := &logView{lines: 2, term: terminal{width: 80, colour: true}}
	for _, reply := range someLogs() {
		r := reply.(api.LogsReply)
		v.add(&r)
	}
	parts := v.take()
	if len(parts) != 1 {
		t.Fatalf("%d parts, want 1", len(parts))
	}
	golden(t, "logs-colour", string(parts[0].text))
}

func TestLogsLaterLinesHaveNoHead(t *testing.T) {
	t.Parallel()
	v := &logView{lines: 15}
	v.add(&api.LogsReply{Sources: []api.LogSource{{Path: "/a.log", ID: 0, Name: "a"}}})
	v.add(&api.LogsReply{Lines: []api.LogLine{{Text: "later"}}})
	if got := v.take(); len(got) != 1 || string(got[0].text) != "0|a        | later\n" {
		t.Errorf("%v", got)
	}
}

func TestLogsWithoutLines(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"List": replies(api.ListReply{}), "Logs": replies(api.LogsReply{
		Sources: []api.LogSource{{Path: "/h/logs/leadmaster-hub-error.log", Stream: api.StreamErr, Name: "leadmaster-hub"}},
	})})
	p.run(t, "logs", "leadmaster-hub", "--err", "--lines", "20", "--nostream").check(t, 0,
		"[TAILING] Tailing last 20 lines for [leadmaster-hub] process (change the value with --lines option)\n"+
			"/h/logs/leadmaster-hub-error.log last 20 lines:\n", "")
}

func TestLogsUntilInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	reached := make(chan struct{})
	p, _ := newFake(t, map[string]answer{"List": replies(api.ListReply{}), "Logs": func(json.RawMessage) ([]any, *api.Error) {
		close(reached)
		<-ctx.Done()
		return nil, &api.Error{Code: "hang up"}
	}})
	go func() { <-reached; interrupt() }()
	r := p.runContext(ctx, "logs")
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, stderr %q; want a quiet end", r.code, r.stderr)
	}
}

func TestLogsWhenTheDaemonGoes(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]answer{"hung up": leaves(someLogs()[0]), "ended": replies(someLogs()[0])} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newFake(t, map[string]answer{"List": replies(api.ListReply{}), "Logs": gone})
			r := p.run(t, "logs")
			if r.code != 1 {
				t.Errorf("exit code %d, want 1", r.code)
			}
			contains(t, r.stdout, "hubd       | started\n")
			contains(t, r.stderr, "[hub][ERROR] the daemon went away\n")
		})
	}
}

func TestLogsUnknown(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"List": refuses(api.Errorf(api.CodeNotFound, "no app nope"))})
	p.run(t, "logs", "nope", "--nostream").check(t, 1, "", "[hub][ERROR] no app nope\n")
	if r := p.run(t, "logs", "--lines", "-1"); r.code != 1 {
		t.Errorf("exit code %d for a negative number, want 1", r.code)
	}
}
