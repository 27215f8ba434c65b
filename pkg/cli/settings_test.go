package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

func TestSettingsWithoutDaemon(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.run(t, "get", "kill_signal").check(t, 0, "SIGINT\n", "")
	p.run(t, "set", "kill_signal", "TERM").check(t, 0,
		"[hub] kill_signal is TERM, for apps that don't give it themselves, from their next start from a file or command line on\n", "")
	p.run(t, "set", "memory_interval", "1m").check(t, 0, "[hub] memory_interval is 1m, from the daemon's next start on\n", "")
	p.run(t, "get", "memory_interval").check(t, 0, "1m\n", "")
	r := p.run(t, "get")
	contains(t, r.stdout, "kill_signal: TERM\n", "memory_interval: 1m\n", "# max_restarts: 16\n")
	file := filepath.Join(p.sys.Home, "hubd.yaml")
	p.run(t, "validate", file).check(t, 0, "DIR/home/hubd.yaml: ok, 2 settings\n", "")
	p.run(t, "unset", "kill_signal")
	p.run(t, "unset", "kill_signal").check(t, 0, "[hub] kill_signal was not set\n", "")
	if data, err := os.ReadFile(file); err != nil || string(data) != "memory_interval: 1m\n" {
		t.Errorf("hubd.yaml holds %q, %v", data, err)
	}
	for _, args := range [][]string{{"set", "kill_signal"}, {"set", "kill_signal", "a", "b"}, {"unset"}, {"get", "a", "b"}, {"get", "nothing"}} {
		if r := p.run(t, args...); r.code != 1 || r.stderr == "" {
			t.Errorf("%q: exit code %d, %q", args, r.code, r.stderr)
		}
	}
}

// A running daemon hears of what concerns it, and of nothing else.
func TestSettingsOfADaemon(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{"Control": replies(api.ResultsReply{Results: []api.Result{}})})
	p.run(t, "set", "kill_timeout", "3s")
	if got := f.parameters("Control"); len(got) != 0 {
		t.Errorf("the daemon was asked %q", got)
	}
	p.run(t, "set", "memory_interval", "1m").check(t, 0, "[hub] memory_interval is 1m, in the running daemon too\n", "")
	p.run(t, "unset", "memory_interval").check(t, 0, "[hub] memory_interval has its default again, in the running daemon too\n", "")
	if got := f.parameters("Control"); len(got) != 2 || got[0] != `{"action":"settings"}` {
		t.Errorf("the daemon was asked %q", got)
	}
}

// A daemon of another version is a warning on stderr, where scripts don't read.
func TestOtherVersion(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{"Daemon": replies(api.DaemonReply{Version: "9.9.9"})})
	p.run(t, "ping").check(t, 0, "{ msg: 'pong' }\n", "[hub][WARN] hubd is version 9.9.9, hubctl "+api.Version+"\n")
}
