package cli

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares text with a file of testdata.
func golden(tb testing.TB, name, got string) {
	tb.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if got != string(want) {
		tb.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}

func someRows() []api.Row {
	return []api.Row{
		{ID: 2, Name: "worker", Namespace: "default", Version: "1.2.3", Mode: "fork", PID: 4242, Uptime: 3 * 3600_000, Restarts: 4, Status: api.StatusOnline, NotReady: true, CPU: 12, Memory: 32505856, User: "root"},
		{ID: 0, Name: "api", Namespace: "default", Mode: "fork", PID: 4240, Uptime: 59_000, Status: api.StatusOnline, CPU: 0.34, Memory: 1 << 30, User: "root"},
		{ID: 1, Name: "a-service-with-a-rather-long-name-\x1b[2J", Namespace: "back\noffice", Mode: "fork", Status: api.StatusErrored, Restarts: 16, User: "root"},
		{ID: 3, Name: "日本語", Namespace: "default", Mode: "fork", Status: api.StatusStopped, User: "root", Watching: true},
		{ID: 4, Name: "api", Namespace: "default", Mode: "fork", Status: api.StatusWaitingRestart, Restarts: 2, User: "root"},
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	for name, term := range map[string]terminal{
		"list":           {},
		"list-200":       {width: 200},
		"list-140":       {width: 140},
		"list-80":        {width: 80},
		"list-80-colour": {width: 80, colour: true},
		"list-40":        {width: 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := someRows()
			sortRows(rows, "name")
			text := string(appendTable(nil, rows, term))
			golden(t, name, text)
			for line := range strings.Lines(text) {
				if w := displayWidth(strings.TrimSuffix(line, "\n")); term.width > 0 && !term.colour && w > term.width {
					t.Errorf("a line of %d columns in a terminal of %d", w, term.width)
				}
			}
		})
	}
}

func TestTableEmpty(t *testing.T) {
	t.Parallel()
	golden(t, "list-empty", string(appendTable(nil, nil, terminal{})))
}

func TestMiniList(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"List": replies(api.ListReply{Rows: someRows()[:1]})})
	r := p.run(t, "-m", "ls")
	golden(t, "list-mini", r.stdout)
	if r.code != 0 || r.stderr != "" {
		t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
	}
}

func TestListCommand(t *testing.T) {
	t.Parallel()
	rows := someRows()
	p, f := newFake(t, map[string]answer{
		"List": replies(api.ListReply{Rows: rows[:2]}, api.ListReply{
			Rows: rows[2:], Host: &api.Host{CPU: 12.34, MemoryUsed: 1, MemoryTotal: 4, Load: []float64{0.5, 1, 2}},
		}),
	})
	want, err := os.ReadFile("testdata/list.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"list", "ls", "l", "ps", "status"} {
		p.run(t, word).check(t, 0, string(want)+"host metrics | cpu: 12.3% | ram usage: 25.0% | load: 0.50 1.00 2.00\n", "")
	}
	p.run(t, "list", "--silent").check(t, 0, "", "")
	if got := f.parameters("List"); len(got) != 6 || got[0] != `{"host":true}` {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]string{
		"": "1 0 4 2 3", "name": "1 0 4 2 3", "id": "0 1 2 3 4", "id:desc": "4 3 2 1 0", "memory:desc": "0 2 1 4 3",
		"cpu:asc": "1 4 3 0 2", "status": "1 0 2 3 4", "pid": "1 4 3 0 2", "uptime:desc": "2 0 1 4 3", "namespace": "1 0 4 2 3",
	} {
		rows := someRows()
		sortRows(rows, order(by))
		var got []string
		for i := range rows {
			got = append(got, idCell(&rows[i]).text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("by %q: %s, want %s", by, strings.Join(got, " "), want)
		}
	}
	for _, by := range []string{"age", "id:up"} {
		if new(order).Set(by) == nil {
			t.Errorf("%q was accepted", by)
		}
	}
}
