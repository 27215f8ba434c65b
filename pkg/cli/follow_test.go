package cli

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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

// Who only reads is like any other request: it asks the next daemon, and waits for
// none where the last one was ended on purpose.
func TestLogsWithoutFollowing(t *testing.T) {
	t.Parallel()
	source := []api.LogSource{{Path: "/l/out", Stream: api.StreamOut, Name: "app"}}
	line := func(text string, position int64) []api.LogLine {
		return []api.LogLine{{Text: text, Position: position}}
	}
	first := hangsUp(api.LogsReply{Sources: source, Lines: line("line 1", 7)})
	rest := replies(api.LogsReply{Sources: source, Lines: line("line 2", 14)})
	p, f := newFake(t, map[string]answer{"Logs": each(first, rest), "List": replies(api.ListReply{})})
	p.run(t, "logs", "app", "--raw", "--nostream").check(t, 0, "line 1\nline 2\n", "")
	calls := f.parameters("Logs")
	if len(calls) != 2 || !strings.Contains(calls[1], `"positions":[{"path":"/l/out","position":7}]`) {
		t.Errorf("the daemons were asked %q", calls)
	}
	p, _ = newFake(t, map[string]answer{"Logs": leaves(), "List": replies(api.ListReply{})})
	r := p.run(t, "logs", "app", "--raw", "--nostream")
	r.check(t, 1, "", "[hub][ERROR] the daemon went away\n  hint: hubd.log in HUB_HOME tells why; hubctl list starts a new one\n")
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

// A socket that has lost its daemon gets another one: that is waited for, unlike
// the daemon that took its socket along.
func TestFollowersWaitForTheNextDaemon(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.sys.Home = p.sys.Dir
	path := filepath.Join(p.sys.Home, "hubd.sock")
	source := []api.LogSource{{Path: "/l/out", Stream: api.StreamOut, Name: "app"}}
	line := func(text string, position int64) []api.LogLine {
		return []api.LogLine{{Text: text, Position: position}}
	}
	daemon := func(logs answer) *fake { // takes the socket's name in one step
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path + ".new", Net: "unix"})
		if err == nil {
			l.SetUnlinkOnClose(false)
			err = os.Rename(path+".new", path)
		}
		if err != nil {
			panic(err)
		}
		return &fake{listener: l, answers: map[string]answer{"Logs": logs, "List": replies(api.ListReply{})}}
	}
	first := daemon(leaves(api.LogsReply{Sources: source, Lines: line("line 1", 7)}, api.LogsReply{}))
	next := make(chan *fake, 1)
	var daemons sync.WaitGroup
	daemons.Go(func() {
		first.serve(first.listener) // until it has left
		second := daemon(replies(api.LogsReply{Sources: source, Lines: line("line 2", 14)}))
		next <- second
		second.serve(second.listener)
	})
	r := p.run(t, "logs", "app", "--raw")
	first.listener.Close()
	(<-next).listener.Close()
	daemons.Wait()
	if r.stdout != "line 1\nline 2\n" {
		t.Errorf("%q, %q", r.stdout, r.stderr)
	}
}
