package cli

import (
	"encoding/json"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

func inAMinute() time.Time { return time.Now().Add(time.Minute) }

func openPidfd(t *testing.T, pid int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// sleeper is a process that plays the daemon or its keeper.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	return cmd
}

// newEnding makes a place whose daemon and keeper end when Control is called.
func newEnding(t *testing.T, control answer) (*place, *fake) {
	daemon, keeper := sleeper(t), sleeper(t)
	p, f := newFake(t, map[string]answer{
		"Daemon": replies(api.DaemonReply{PID: daemon.Process.Pid, Keeper: keeper.Process.Pid, State: stateOnline}),
		"List":   replies(api.ListReply{Rows: []api.Row{{Name: "a", PID: 5}, {Name: "b"}, {Name: "c", PID: 6}}}),
		"Control": func(parameters json.RawMessage) ([]any, *api.Error) {
			_, _ = daemon.Process.Kill(), keeper.Process.Kill()
			return control(parameters)
		},
	})
	return p, f
}

func TestKillWaitsForDaemonAndKeeper(t *testing.T) {
	t.Parallel()
	p, f := newEnding(t, replies(api.ResultsReply{}))
	p.run(t, "kill").check(t, 0, "[hub] [v] All Applications Stopped\n[hub] [v] hub Daemon Stopped\n", "")
	if got := f.parameters("Control"); !slices.Equal(got, []string{`{"action":"kill"}`}) {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestKillKeepApps(t *testing.T) {
	t.Parallel()
	p, f := newEnding(t, replies(api.ResultsReply{}))
	p.run(t, "kill", "--keep-apps").check(t, 0,
		"[hub] [v] hub Daemon Stopped\n[hub] 2 instances left running without a daemon; the next hubctl command takes over\n", "")
	if got := f.parameters("Control"); !slices.Equal(got, []string{`{"action":"leave"}`}) {
		t.Errorf("the daemon was asked %q", got)
	}
}

// A daemon that dies over kill has a successor that has the apps: it is to end.
func TestKillIsRepeated(t *testing.T) {
	t.Parallel()
	p, f := newEnding(t, each(hangsUp(), replies(api.ResultsReply{})))
	p.run(t, "kill").check(t, 0, "[hub] [v] All Applications Stopped\n[hub] [v] hub Daemon Stopped\n", "")
	if got := f.parameters("Control"); len(got) != 2 {
		t.Errorf("the daemon was asked %q", got)
	}
	// It ends before its last words are out.
	p, _ = newEnding(t, leaves())
	p.run(t, "kill").check(t, 0, "[hub] [v] All Applications Stopped\n[hub] [v] hub Daemon Stopped\n", "")
}
