package chaos

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// What an app says while there is neither daemon nor keeper is heard by the next
// daemon: its lines, and the messages on its channel. The command that waits for it
// has its answer from that one, and restarts nothing.
func TestSaidMeanwhile(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node")
	}
	w := newWorld(t)
	late := app{name: "late", entry: w.inNode().with("script", w.script("late.js")).with("wait_ready", true).with("listen_timeout", "60s")}
	file := w.declare([]app{late})
	starting := exec.CommandContext(t.Context(), filepath.Join(built.folders[0], "hubctl"), "start", file)
	starting.Dir, starting.Env = w.dir, w.environ()
	var said bytes.Buffer
	starting.Stdout, starting.Stderr = &said, &said
	if err := starting.Start(); err != nil {
		t.Fatal(err)
	}
	w.eventually("not started", func() []string { return w.missing("late-out.log", "up") })
	// It stands still meanwhile: it would ask the next daemon, and start that.
	if err := starting.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := unix.Waitid(unix.P_PID, starting.Process.Pid, nil, unix.WSTOPPED, nil); err != nil {
		t.Fatal(err)
	}
	k := &killer{world: w, dice: w.dice(1)}
	k.both()
	if err := os.WriteFile(filepath.Join(w.dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.eventually("nothing said", func() []string {
		if _, err := os.Stat(filepath.Join(w.dir, "said")); err != nil {
			return []string{err.Error()}
		}
		return nil
	})
	if err := starting.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := starting.Wait(); err != nil {
		t.Errorf("hubctl start: %v\n%s", err, &said)
	}
	k.answered()
	w.eventually("not online", w.restless)
	w.eventually("lines", func() []string { return w.missing("late-out.log", "up\nready\n") })
	list, err := w.processes()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].PM2Env.Status != api.StatusOnline || list[0].Hub.NotReady || list[0].PM2Env.RestartTime != 0 {
		t.Errorf("list: %+v", list)
	}
	for _, problem := range k.problems {
		t.Error(problem)
	}
}

// missing returns a complaint until a log file holds a text.
func (w *world) missing(file, text string) []string {
	data, err := os.ReadFile(filepath.Join(w.Home, "logs", file))
	if err != nil {
		return []string{err.Error()}
	}
	if !strings.Contains(string(data), text) {
		return []string{string(data)}
	}
	return nil
}
