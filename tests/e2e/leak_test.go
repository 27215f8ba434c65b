package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// What an app's life takes is given back: after 200 starts and stops the
// daemon holds as many descriptors as before, and hardly more threads.
func TestNothingLeaksOverLives(t *testing.T) {
	t.Parallel()
	const lives = 200
	h := newHome(t)
	file := h.dir + "/apps.yaml"
	const apps = `
- {name: plain, script: sleep, args: "1000"}
- {name: shell, script: 'trap "exit 0" INT; while :; do sleep 0.01; done', wait_ready: false}
- {name: notify, script: child, args: ready, wait_ready: true, ipc: false, listen_timeout: 10s}
- {name: channel, script: child, args: ready, wait_ready: true, listen_timeout: 10s}
`
	if err := os.WriteFile(file, []byte(apps), 0o600); err != nil {
		t.Fatal(err)
	}
	h.hubctl("start", file)
	h.hubctl("stop", "all")
	hubd := h.daemonPID()
	descriptors, threads := held(t, hubd, "fd"), held(t, hubd, "task")
	for range lives / 4 {
		for _, action := range []string{api.ActionStart, api.ActionStop} {
			h.act(action)
		}
	}
	h.daemonPID()
	eventually(t, func() error {
		if now := held(t, hubd, "fd"); len(now) > len(descriptors) {
			return fmt.Errorf("descriptors before:\n%s\nafter:\n%s", strings.Join(descriptors, "\n"), strings.Join(now, "\n"))
		}
		return nil
	})
	// The runtime makes threads for blocking calls as it needs them and keeps
	// them; one an app's life would be a leak.
	if now := held(t, hubd, "task"); len(now) > len(threads)+16 {
		t.Errorf("%d threads before, %d after", len(threads), len(now))
	}
}

// act does something with all apps over one connection.
func (h *home) act(action string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	err := h.Act(ctx, api.ActCall{Action: action, Targets: []string{"all"}}, func(results []api.Result) {
		for _, r := range results {
			if r.Error != "" {
				h.t.Errorf("%s %s: %s", action, r.Name, r.Error)
			}
		}
	})
	if err != nil {
		h.t.Fatalf("%s: %v", action, err)
	}
}

// held returns the entries of a folder of a process in /proc, with what they
// link to.
func held(t *testing.T, pid int, folder string) []string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/%s", pid, folder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		link, _ := os.Readlink(dir + "/" + e.Name()) // a thread is no link
		list = append(list, e.Name()+" "+link)
	}
	return list
}
