package cli

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// silent is an input on which nothing is typed.
func silent(t *testing.T) io.Reader {
	in, typed := io.Pipe()
	t.Cleanup(func() { typed.Close() })
	return in
}

// Followers go on behind the last line of each file, whatever numbers the next
// daemon gives to the files.
func TestFollowersReconnect(t *testing.T) {
	t.Parallel()
	out := func(position int64) api.LogSource {
		return api.LogSource{Path: "/l/out", Stream: api.StreamOut, Name: "app", Position: position}
	}
	errs := api.LogSource{Path: "/l/err", Stream: api.StreamErr, Name: "app", Position: 70}
	line := func(source int, position int64, text string) api.LogLine {
		return api.LogLine{Source: source, Position: position, Text: text}
	}
	first := hangsUp(
		api.LogsReply{Sources: []api.LogSource{out(10)}, Lines: []api.LogLine{line(0, 20, "line 1")}},
		api.LogsReply{Sources: []api.LogSource{errs}},
		api.LogsReply{},
		api.LogsReply{Lines: []api.LogLine{line(0, 30, "line 2"), line(0, 40, "line 3")}},
	)
	second := leaves(
		api.LogsReply{Sources: []api.LogSource{errs}, Lines: []api.LogLine{line(0, 80, "line 4")}},
		api.LogsReply{Sources: []api.LogSource{out(40)}},
		api.LogsReply{},
		api.LogsReply{Lines: []api.LogLine{line(1, 50, "line 5")}},
	)
	list := replies(api.ListReply{Rows: []api.Row{{Name: "app"}}})
	for _, args := range [][]string{{"logs", "app"}, {"logs", "app", "--raw"}, {"logs", "app", "--json"}, {"attach", "app"}} {
		p, f := newFake(t, map[string]answer{"Logs": each(first, hangsUp(), second), "List": list, "Events": keeps()})
		p.sys.Stdin = silent(t)
		r := p.run(t, args...)
		if r.code != 1 {
			t.Errorf("%q: exit code %d", args, r.code)
		}
		contains(t, r.stderr, "[hub][ERROR] the daemon went away\n")
		all := r.stdout + r.stderr
		for _, text := range []string{"line 1", "line 2", "line 3", "line 4", "line 5"} {
			if strings.Count(all, text) != 1 {
				t.Errorf("%q: %q is not there once in:\n%s", args, text, all)
			}
		}
		calls := f.parameters("Logs")
		positions := `"positions":[{"path":"/l/out","position":40},{"path":"/l/err","position":70}]`
		if len(calls) != 3 || strings.Contains(calls[0], "positions") || slices.ContainsFunc(calls[1:], func(c string) bool { return !strings.Contains(c, positions) }) {
			t.Errorf("%q: the daemons were asked %q", args, calls)
		}
	}
}

// An app that is deleted while no daemon answers ends attach as well.
func TestAttachToAnAppThatIsGone(t *testing.T) {
	t.Parallel()
	row := replies(api.ListReply{Rows: []api.Row{{ID: 4, Name: "app"}}})
	p, _ := newFake(t, map[string]answer{
		"List":   each(row, refuses(api.Errorf(api.CodeNotFound, "no app 4"))),
		"Logs":   keeps(api.LogsReply{Sources: []api.LogSource{{ID: 4}}}, api.LogsReply{}),
		"Events": each(hangsUp(api.EventsReply{}), keeps(api.EventsReply{})),
	})
	p.sys.Stdin = silent(t)
	p.run(t, "attach", "app").check(t, 0, "", "[hub] app app was deleted\n")
}
