package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// What an app says while there is neither daemon nor keeper is heard by the next
// daemon: its lines, and the messages on its channel.
func TestSaidMeanwhile(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node")
	}
	w := newWorld(t)
	late := app{name: "late", entry: w.inNode().with("script", w.script("late.js")).with("wait_ready", true).with("listen_timeout", "60s")}
	file := w.declare([]app{late})
	starting := exec.Command(filepath.Join(built.folders[0], "hubctl"), "start", file)
	starting.Dir, starting.Env = w.dir, w.environ()
	if err := starting.Start(); err != nil {
		t.Fatal(err)
	}
	w.eventually("not started", func() []string { return w.missing("late-out.log", "up") })
	// It would ask the next daemon, and start that.
	if err := starting.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = starting.Wait() // it was killed
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
