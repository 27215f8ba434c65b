package cli

import (
	"slices"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

func TestUpdate(t *testing.T) {
	t.Parallel()
	old := replies(api.DaemonReply{PID: 12, Version: "0.1.0", State: stateOnline})
	adopting := replies(api.DaemonReply{PID: 12, Version: "0.2.0", State: stateAdopting})
	p, f := newFake(t, map[string]answer{
		"Daemon":  each(old, adopting, replies(api.DaemonReply{PID: 12, Version: "0.2.0", State: stateOnline})),
		"Control": hangsUp(),
	})
	p.run(t, "update").check(t, 0, "[hub] Updating hubd 0.1.0, pid 12\n[hub] [v] hubd 0.2.0 runs, pid 12\n", "")
	if got := f.parameters("Control"); !slices.Equal(got, []string{`{"action":"update","program":"/nonexistent/hubd"}`}) {
		t.Errorf("the daemon was asked %q", got)
	}
}

func TestUpdateRefused(t *testing.T) {
	t.Parallel()
	refusal := &api.Error{Code: api.CodeFailed, Message: "/x/hubd: its self-check failed: exit status 3", Hint: "the running daemon goes on"}
	p, _ := newFake(t, map[string]answer{"Control": refuses(refusal)})
	p.run(t, "update", "-s").check(t, 1, "", "[hub][ERROR] /x/hubd: its self-check failed: exit status 3\n  hint: the running daemon goes on\n")
}

func TestUpdateThatKilledTheDaemon(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{
		"Daemon":  each(replies(api.DaemonReply{PID: 12, Version: "0.1.0"}), replies(api.DaemonReply{PID: 13, Version: "0.1.0"})),
		"Control": hangsUp(),
	})
	p.run(t, "update", "-s").check(t, 1, "",
		"[hub][ERROR] the daemon, pid 12, has ended over its update; hubd 0.1.0, pid 13, has taken over\n  hint: see DIR/hubd.log\n")
}

func TestUpdateWithoutDaemon(t *testing.T) {
	t.Parallel()
	p := newHubd(t, "serve")
	r := p.run(t, "update")
	r.check(t, 0, r.stdout, "[hub] starting the daemon, HUB_HOME=DIR/home\n")
	contains(t, r.stdout, "[hub] [v] hubd "+api.Version+" runs, pid ")
}
