package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// identity is how a record names a process.
func identity(t *testing.T, pid int) string {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return fmt.Sprintf(`{"pid":%d,"start":%s,"boot":%q}`, pid, strings.Fields(rest)[19], strings.TrimSpace(string(boot)))
}

// record puts a record into the place's home.
func (p *place) record(t *testing.T, name, text string) {
	t.Helper()
	run := filepath.Join(p.sys.Home, "run")
	if err := os.MkdirAll(run, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(run, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOutlived(t *testing.T) {
	t.Parallel()
	me := identity(t, os.Getpid())
	zombie := exec.Command("true")
	out, err := zombie.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := zombie.Start(); err != nil {
		t.Fatal(err)
	}
	defer zombie.Wait()
	ended := identity(t, zombie.Process.Pid)
	for buf := make([]byte, 1); ; { // its end is that of its output, or a little later
		if _, err := out.Read(buf); err != nil {
			break
		}
	}
	if err := (&ending{pidfd: openPidfd(t, zombie.Process.Pid)}).await(inAMinute()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, text string
		want       bool
	}{
		"runs":         {"a.json", `{"version":7,"process":` + me + `}`, true},
		"runs beside":  {"a.json", `{"beside":[{"generation":2},{"process":` + me + `}]}`, true},
		"down":         {"a.json", `{"want":"down"}`, false},
		"other boot":   {"a.json", `{"process":` + strings.Replace(me, `"boot":"`, `"boot":"0`, 1) + `}`, false},
		"recycled pid": {"a.json", `{"process":` + strings.Replace(me, `"start":`, `"start":1`, 1) + `}`, false},
		"zombie":       {"a.json", `{"process":` + ended + `}`, true}, // whose end is still to be put on record
		"damaged":      {"a.json", `{"process":`, false},
		"set aside":    {"a.json.bad", `{"process":` + me + `}`, false},
		"no process":   {"a.json", `{"process":{"pid":0}}`, false},
	} {
		p := newPlace(t)
		p.record(t, c.file, c.text)
		if got := (&ctl{System: p.sys}).outlived(); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

// Any command starts a daemon where apps of one before still run.
func TestDaemonIsRevived(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"stop", "all"}, {"logs", "--nostream"}, {"report"}, {"api", "List"}, {"kill"}, {"pid"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			p := newHubd(t, "serve")
			p.record(t, "x.json", `{"process":`+identity(t, os.Getpid())+`}`)
			r := p.run(t, args...)
			contains(t, r.stderr, "[hub] starting the daemon, HUB_HOME=DIR/home\n")
		})
	}
}

func TestKillRevivesForWhatWaits(t *testing.T) {
	t.Parallel()
	p := newHubd(t, "serve")
	p.record(t, "x.json", `{"want":"up"}`)
	r := p.run(t, "stop", "all")
	if r.code != 1 || strings.Contains(r.stderr, "starting") {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
	p.run(t, "kill", "--keep-apps").check(t, 0, "[hub] no daemon was running\n", "")
	p.run(t, "kill").check(t, 0, "[hub] [v] All Applications Stopped\n[hub] [v] hub Daemon Stopped\n",
		"[hub] starting the daemon, HUB_HOME=DIR/home\n")
}
