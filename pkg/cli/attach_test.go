package cli

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// followed is what Logs sends of app api, whose files hold one line each.
func followed() answer {
	return keeps(api.LogsReply{
		Sources: []api.LogSource{{Path: "/l/out", Stream: api.StreamOut, ID: 0}, {Path: "/l/err", Stream: api.StreamErr, ID: -1}},
		Lines: []api.LogLine{
			{Text: "raw \x1b[31mline\x1b[2J"}, {Source: 1, Text: "oops"}, {Text: "prompt> ", Partial: true},
		},
	}, api.LogsReply{})
}

func TestAttach(t *testing.T) {
	t.Parallel()
	in, typed := io.Pipe()
	sent := make(chan string, 2)
	p, _ := newFake(t, map[string]answer{
		"List": replies(api.ListReply{Rows: []api.Row{{ID: 0, Name: "api"}}}), "Logs": followed(), "Events": keeps(),
		"Act": func(parameters json.RawMessage) ([]any, *api.Error) {
			sent <- string(parameters)
			return []any{api.ResultsReply{Results: []api.Result{{Name: "api", Error: "it is down"}}}}, nil
		},
	})
	p.sys.Stdin = in
	go func() {
		io.WriteString(typed, "first\nlast without an end")
		typed.Close()
	}()
	p.run(t, "attach", "api").check(t, 0, "raw \x1b[31mline\x1b[2J\nprompt> ",
		"oops\n[hub][WARN] /l/err also holds the lines of other instances\n[hub][ERROR] it is down\n[hub][ERROR] it is down\n")
	want := []string{`{"action":"send","targets":["0"],"line":"first"}`, `{"action":"send","targets":["0"],"line":"last without an end"}`}
	if got := []string{<-sent, <-sent}; !slices.Equal(got, want) {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestAttachEnds(t *testing.T) {
	t.Parallel()
	rows := replies(api.ListReply{Rows: []api.Row{{ID: 4, Name: "api"}}})
	in, typed := io.Pipe()
	defer typed.Close()

	t.Run("deleted", func(t *testing.T) {
		p, _ := newFake(t, map[string]answer{"List": rows, "Logs": keeps(api.LogsReply{Sources: []api.LogSource{{ID: 4}}}, api.LogsReply{}),
			"Events": keeps(api.EventsReply{Events: []api.Event{{ID: 3, Kind: eventDeleted}, {ID: 4, Kind: "stopped"}, {ID: 4, Kind: eventDeleted}}})})
		p.sys.Stdin = in
		p.run(t, "attach", "api").check(t, 0, "", "[hub] app api was deleted\n")
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		p, _ := newFake(t, map[string]answer{"List": rows, "Logs": keeps(), "Events": func(json.RawMessage) ([]any, *api.Error) {
			interrupt()
			return nil, &api.Error{Code: "keep"}
		}})
		p.sys.Stdin = in
		p.runContext(ctx, "attach", "api").check(t, 0, "", "")
	})
	t.Run("daemon gone", func(t *testing.T) {
		p, _ := newFake(t, map[string]answer{"List": rows, "Logs": leaves(api.LogsReply{Sources: []api.LogSource{{ID: 4}}}), "Events": keeps()})
		p.sys.Stdin = in
		r := p.run(t, "attach", "api")
		if r.code != 1 {
			t.Errorf("exit code %d", r.code)
		}
		contains(t, r.stderr, "[hub][ERROR] the daemon went away\n")
	})
	t.Run("several", func(t *testing.T) {
		p, _ := newFake(t, map[string]answer{"List": replies(api.ListReply{Rows: []api.Row{{ID: 4, Name: "api"}, {ID: 5, Name: "api"}}})})
		p.run(t, "attach", "api").check(t, 1, "", "[hub][ERROR] api means 2 instances\n  hint: name one by its id: 4, 5\n")
	})
}
