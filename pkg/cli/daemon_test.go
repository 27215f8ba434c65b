package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// newHubd makes a place where the test binary is the daemon's program.
func newHubd(t *testing.T, mode string) *place {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t)
	p.sys.Hubd = self
	p.sys.Env = append(p.sys.Env, hubdMode+"="+mode, "HUB_HOME="+p.sys.Home,
		"GORACE=atexit_sleep_ms=0")
	t.Cleanup(func() {
		client := api.Client{Home: p.sys.Home}
		if client.Kill(context.Background(), func([]api.Result) {}) == nil {
			awaitUnlock(t, filepath.Join(p.sys.Home, "hubd.lock"))
		}
	})
	return p
}

// awaitUnlock waits until the holder of the lock has ended.
func awaitUnlock(t *testing.T, path string) {
	t.Helper()
	lock, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Error(err)
	}
}

func TestDaemonIsStarted(t *testing.T) {
	t.Parallel()
	p := newHubd(t, "serve")
	p.run(t, "ping").check(t, 0, "{ msg: 'pong' }\n", "[hub] starting the daemon, HUB_HOME=DIR/home\n")
	p.run(t, "ping").check(t, 0, "{ msg: 'pong' }\n", "")
	for path, mode := range map[string]os.FileMode{"": 0o700, "hubd.log": 0o600} {
		info, err := os.Stat(filepath.Join(p.sys.Home, path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%q has mode %o, want %o", path, info.Mode().Perm(), mode)
		}
	}
	log, err := os.ReadFile(filepath.Join(p.sys.Home, "hubd.log"))
	if err != nil || string(log) != "serving in /, stdin /dev/null, session leader true\n" {
		t.Errorf("hubd.log: %q, %v", log, err)
	}
	p.run(t, "kill").check(t, 0, "[hub] [v] All Applications Stopped\n[hub] [v] hub Daemon Stopped\n", "")
}

func TestDaemonIsStartedOnce(t *testing.T) {
	t.Parallel()
	p := newHubd(t, "serve")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			own := &place{sys: p.sys}
			own.sys.Stdout, own.sys.Stderr = &own.stdout, &own.stderr
			if r := own.run(t, "ping"); r.code != 0 {
				t.Errorf("exit code %d: %s", r.code, r.stderr)
			}
		})
	}
	all.Wait()
	log, err := os.ReadFile(filepath.Join(p.sys.Home, "hubd.log"))
	if err != nil || strings.Count(string(log), "serving") != 1 {
		t.Errorf("hubd.log: %q, %v; want one daemon", log, err)
	}
}

func TestDaemonThatFailsIsExplained(t *testing.T) {
	t.Parallel()
	p := newHubd(t, "fail")
	p.run(t, "list").check(t, 1, "", `[hub] starting the daemon, HUB_HOME=DIR/home
[hub][ERROR] the daemon ended while it started: exit status 3
[hub][ERROR] disk on fire
  hint: see DIR/home/hubd.log
`)
}

func TestDaemonMissing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	r := p.run(t, "jlist")
	if r.code != 1 || r.stdout != "" {
		t.Errorf("exit code %d, stdout %q", r.code, r.stdout)
	}
	contains(t, r.stderr, "/nonexistent/hubd")
}

func TestProgramsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"hubd", "hub-keeper"} {
		_, err := besideIn(dir)
		message, advice := describeError(err)
		if want := "find " + name + ": stat " + filepath.Join(dir, name) + ": no such file or directory"; message != want {
			t.Errorf("%q, want %q", message, want)
		}
		contains(t, advice, "hubd and hub-keeper must lie beside hubctl, in "+dir)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if program, err := besideIn(dir); err != nil || program != filepath.Join(dir, "hubd") {
		t.Errorf("%q, %v", program, err)
	}
}

func TestCommandsWithoutDaemon(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"stop", "all"}, {"restart", "api"}, {"delete", "0"}, {"reset", "all"}, {"logs"}, {"flush"},
		{"describe", "api"}, {"id", "api"}, {"pid"}, {"api", "Daemon"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			r := p.run(t, args...)
			if r.code != 1 {
				t.Errorf("exit code %d, want 1", r.code)
			}
			contains(t, r.stderr, "[hub][ERROR] no daemon is running\n  hint: start your apps with hubctl start")
			if _, err := os.Stat(p.sys.Home); err == nil {
				t.Error("a home was made")
			}
		})
	}
}

func TestKillWithoutDaemon(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.run(t, "kill").check(t, 0, "[hub] no daemon was running\n", "")
}

func TestDaemonEnv(t *testing.T) {
	t.Parallel()
	c := &ctl{System: System{Home: "/here/home", Env: []string{"A=1", "HUB_HOME=home", "XHUB_HOME=x"}}}
	want := []string{"A=1", "HUB_HOME=/here/home", "XHUB_HOME=x"}
	if got := c.daemonEnv(); !slices.Equal(got, want) || c.Env[1] != "HUB_HOME=home" {
		t.Errorf("%q, want %q", got, want)
	}
	c.Env = []string{"A=1"}
	if got := c.daemonEnv(); !slices.Equal(got, c.Env) {
		t.Errorf("%q, want %q", got, c.Env)
	}
}
