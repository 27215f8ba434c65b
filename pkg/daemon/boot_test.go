package daemon

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
)

// bootIn runs a daemon as hubd --resurrect does. table may be nil.
func bootIn(t *testing.T, home string, table *keeper.Table) *rig {
	t.Helper()
	booted := make(chan struct{})
	r := run(t, Options{Home: home, Table: table, Boot: true}, func(d *Daemon) error {
		d.Boot(context.Background())
		close(booted)
		return nil
	})
	r.await()
	receive(t, booted)
	return r
}

// names are those of all instances, with their states.
func (r *rig) names() string {
	r.Helper()
	rows, err := r.List(r.context())
	if err != nil {
		r.Fatal(err)
	}
	var all []string
	for _, row := range rows {
		all = append(all, row.Name+" "+row.Status)
	}
	return strings.Join(all, ", ")
}

// What was saved is started once a boot, and again after an end on purpose. A daemon
// that follows one that has died starts nothing.
func TestBoot(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	r := bootIn(t, home, nil)
	if got := r.names(); got != "" {
		t.Errorf("nothing is saved, and there is %q", got)
	}
	down := r.app("down", idle, func(s *spec.Spec) { s.Autostart = false })
	r.begin(r.app("up", idle), down)
	r.up("up")
	r.save(2)
	r.begin(r.app("unsaved", idle))
	r.end()

	r = bootIn(t, home, nil)
	if got := r.names(); got != "down stopped, up online" {
		t.Errorf("after an end on purpose there is %q", got)
	}
	r.act("delete", "up")
	if err := r.Leave(r.context()); err != nil {
		t.Fatal(err)
	}
	r.end()
	r = bootIn(t, home, nil)
	if got := r.names(); got != "down stopped" {
		t.Errorf("after a daemon that left there is %q", got)
	}
	r.end()

	state := r.read("state.json") // of another boot now
	r.write("state.json", strings.Replace(strings.Replace(state, `"boot":"`, `"boot":"0`, 1), `"ended":true`, `"ended":false`, 1))
	r = bootIn(t, home, nil)
	if got := r.names(); got != "down stopped, up online" {
		t.Errorf("after a reboot there is %q", got)
	}
}

func TestBeginOfState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		st               state
		boots, takesOver bool
		want             bool // the saved apps are started
	}{
		"a new home":                       {state{}, true, false, true},
		"not asked for":                    {state{}, false, false, false},
		"another boot":                     {state{Boot: "old"}, true, false, true},
		"after a crash":                    {state{Boot: "now"}, true, false, false},
		"after an end":                     {state{Boot: "now", Ended: true}, true, false, true},
		"after a crash over the start":     {state{Boot: "now", Booting: true}, true, false, true},
		"all died over the end":            {state{Boot: "now", Ending: true}, true, false, true},
		"the daemon alone died over it":    {state{Boot: "now", Ending: true}, true, true, false},
		"the daemon alone died afterwards": {state{Boot: "now"}, true, true, false},
	} {
		st := c.st
		st.begin("now", c.boots, c.takesOver)
		if st.Booting != c.want || st.Boot != "now" || st.Ended || st.Ending != (c.st.Ending && c.takesOver) {
			t.Errorf("%s: %+v", name, st)
		}
	}
}

// A daemon that is killed over the start of the saved apps has a successor that goes
// on with it.
func TestBootGoesOn(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	r := serveIn(t, home, nil)
	r.begin(r.app("app", idle))
	r.save(1)
	r.act("delete", "app")
	if err := r.Leave(r.context()); err != nil {
		t.Fatal(err)
	}
	r.end()
	state := r.read("state.json")
	r.write("state.json", strings.TrimSuffix(strings.TrimSpace(state), "}")+`,"booting":true}`)
	r = bootIn(t, home, nil)
	if got := r.names(); got != "app online" {
		t.Errorf("there is %q", got)
	}
	if strings.Contains(r.read("state.json"), "booting") {
		t.Error("it would be done again")
	}
}

// What is wrong with the saved list is told by the list and in the log, until the list
// is saved again; what is right starts.
func TestTroubleAtBoot(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	r := serveIn(t, home, nil)
	r.begin(r.app("good", idle), r.app("bad", idle))
	r.save(2)
	r.write("dump.json", strings.Replace(r.read("dump.json"), `"kill_signal": "SIGTERM"`, `"kill_signal": "SIGNONE"`, 1))
	r.write("hubd.yaml", "memory_interval: often\n")
	r.end()
	r = bootIn(t, home, nil)
	if got := r.names(); got != "bad online" && got != "good online" {
		t.Errorf("there is %q", got)
	}
	all, err := r.ListHost(r.context())
	if err != nil || len(all.Problems) != 1 || !strings.Contains(all.Problems[0], "SIGNONE") {
		t.Errorf("the list says %q, %v", all.Problems, err)
	}
	for _, want := range []string{"SIGNONE", "hubd.yaml is wrong"} {
		if !strings.Contains(r.journal.String(), want) {
			t.Errorf("the log does not tell of %s", want)
		}
	}
	r.save(1)
	if d, err := r.Daemon(r.context()); err != nil || len(d.Problems) > 0 {
		t.Errorf("after a save: %q, %v", d.Problems, err)
	}
	r.end()

	r.write("dump.json", "{")
	if err := os.Remove(r.path("dump.json.bak")); err != nil {
		t.Fatal(err)
	}
	r = bootIn(t, home, nil)
	if d, err := r.Daemon(r.context()); err != nil || len(d.Problems) != 1 || !strings.Contains(d.Problems[0], "saved list") {
		t.Errorf("of a damaged list: %q, %v", d.Problems, err)
	}
}

// Not parallel: it changes the environment.
func TestInAUnit(t *testing.T) {
	dir := t.TempDir()
	path, pidFile := filepath.Join(dir, "notify"), filepath.Join(dir, "next.pid")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("PIDFILE", pidFile)
	heard := make(chan string, 100)
	go func() {
		defer close(heard)
		b := make([]byte, 4096)
		for {
			n, err := systemd.Read(b)
			if err != nil {
				return
			}
			heard <- string(b[:n])
		}
	}()
	r := bootIn(t, t.TempDir(), nil)
	hears := func(want string) {
		t.Helper()
		for {
			select {
			case got, ok := <-heard:
				if !ok {
					t.Fatalf("nobody says %q", want)
				}
				if strings.Contains(got, want) {
					return
				}
			case <-time.After(deadline):
				t.Fatalf("nobody says %q", want)
			}
		}
	}
	hears("READY=1")
	hears("STATUS=0 of 0 online")
	if text, err := os.ReadFile(pidFile); err != nil || len(text) < 2 {
		t.Errorf("the file for the next main process: %q, %v", text, err)
	}
	r.begin(r.app("good", idle))
	_ = r.Start(r.context(), api.StartCall{Specs: []spec.Spec{r.app("bad", idle, func(s *spec.Spec) { s.Interpreter = "no-such-program" })}, Env: env}, func([]api.Result) {})
	hears("STATUS=1 of 2 online; errored: bad (id 1): interpreter: ")
	if err := r.Detach(r.context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(pidFile); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after a detach the file is there: %v", err)
	}
	if os.Getenv("PIDFILE") != "" {
		t.Error("the next daemon would write it again")
	}
	r.stop()
	hears("STOPPING=1\nSTATUS=ending 2 instances, within 25s\nEXTEND_TIMEOUT_USEC=25000000")
}

func TestUnitFate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]fate{
		"ActiveState=active\nJob=\n":         unitRuns,
		"ActiveState=inactive\nJob=\n":       unitOver,
		"Job=0\nActiveState=failed\n":        unitOver,
		"ActiveState=inactive\nJob=1234\n":   unitChanges,
		"ActiveState=activating\nJob=1234\n": unitChanges,
		"ActiveState=deactivating\nJob=\n":   unitChanges,
		"":                                   unitChanges,
	} {
		if got := unitFate(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestStatusLineIsShort(t *testing.T) {
	t.Parallel()
	if got := named([]string{"d", "c", "b", "a", "e"}); got != "a; b; c; and 2 more" {
		t.Errorf("five are named as %q", got)
	}
	if got := named([]string{"b", "a"}); got != "a; b" {
		t.Errorf("two are named as %q", got)
	}
	long := oneLine(strings.Repeat("ä\n", maxStatus))
	if len(long) > maxStatus+len("…") || strings.ContainsAny(long, "\n\uFFFD") {
		t.Errorf("%d bytes: %q", len(long), long)
	}
}
