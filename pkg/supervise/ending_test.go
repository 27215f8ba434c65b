package supervise

import (
	"context"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// code3 ends with code 3, once it is told to.
const code3 = "echo up; read x; exit 3"

// once is an app that is not started again.
func once(s *spec.Spec) { s.Autorestart = false }

// The end of an app that was taken over is noticed, and its code exact.
func TestEndAfterAdoption(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		i := r.one(r.app("app", code3, once))
		pid := i.Status().PID
		r.die()
		n := r.next()
		sub := n.Subscribe()
		defer sub.Close()
		n.say(pid, "end")
		n.event(sub, "stopped")
		if st := n.only().Status(); st.LastExit == nil || st.LastExit.Code != 3 || st.PID != 0 {
			r.Errorf("%+v", st)
		}
	})
}

// What has ended while no daemon ran, and was reaped by the keeper, is treated by
// its policy, and the report is acknowledged when that is on record.
func TestEndWhileNoDaemonRuns(t *testing.T) {
	t.Parallel()
	for name, pidfd := range map[string]bool{"pidfd": true, "report alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newHolder(t)
			r := newKeptRig(t, k)
			i := r.one(r.app("app", code3, once))
			r.die()
			r.say(i.Status().PID, "end")
			e := k.reap(i.key(1))
			if !pidfd {
				k.Release(i.key(1), keeper.PidFD)
			}
			n := r.next()
			n.recorded(i.UUID, func(rec Record) bool { return rec.Exit != nil && rec.Process == nil })
			if st := n.only().Status(); st.State != Stopped || st.LastExit.Code != 3 {
				t.Errorf("%+v", st)
			}
			n.act(n.only(), "stop") // what comes after the record is done by then
			if !k.acknowledged(e.Report) {
				t.Error("the report is not acknowledged")
			}
		})
	}
}

// Zombies that nobody has reaped yet are ours to reap.
func TestEndNotYetReaped(t *testing.T) {
	t.Parallel()
	kept(t, func(r *rig) {
		i := r.one(r.app("app", code3))
		pid := i.Status().PID
		p := i.launch.process.Identity
		r.die()
		r.say(pid, "end")
		awaitZombie(r, pid)
		n := r.next()
		n.recorded(i.UUID, func(rec Record) bool { return rec.Restarts == 1 && rec.Process != nil })
		if st := n.only().Status(); st.PID == p.PID || st.LastExit == nil || st.LastExit.Code != 3 {
			r.Errorf("%+v", st)
		}
		if runs(pid) {
			r.Error("it is a zombie yet")
		}
	})
}

// awaitZombie waits until a child has ended, and leaves it.
func awaitZombie(t testing.TB, pid int) {
	t.Helper()
	if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
}

// The keeper's report may come before the end is noticed. Then it waits for that:
// what the app has said comes first.
func TestReportBeforeTheEnd(t *testing.T) {
	t.Parallel()
	k := newHolder(t)
	r := newKeptRig(t, k)
	i := r.one(r.app("app", `echo up; read x; echo '"last words"' >&3; exit 3`, once, func(s *spec.Spec) { s.IPC = true }))
	pid := i.Status().PID
	r.die()
	n := r.next()
	sub := n.Subscribe()
	defer sub.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	thaw, err := n.Loop.Freeze(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n.say(pid, "end")
	e := k.reap(i.key(1))
	n.Reported(i.key(1), e)
	if err := answered(ctx, n.only().ask(func() error { return nil })); err != nil {
		t.Fatal(err)
	}
	if st := n.only().Status(); st.State != Online || k.acknowledged(e.Report) {
		t.Errorf("taken before the end was noticed: %+v", st)
	}
	thaw()
	var heard []string
	for len(heard) == 0 || heard[len(heard)-1] != "stopped" {
		heard = append(heard, receive(t, sub.C).Kind)
	}
	if got := strings.Join(heard, " "); got != "message exit stopped" {
		t.Errorf("heard: %s", got)
	}
	if st := n.only().Status(); st.LastExit.Code != 3 {
		t.Errorf("%+v", st)
	}
	n.recorded(i.UUID, func(rec Record) bool { return rec.State == Stopped })
	if !k.acknowledged(e.Report) {
		t.Error("the report is not acknowledged")
	}
	// It is repeated where the keeper has not heard of that.
	e.Report = 99
	n.Reported(i.key(1), e)
	if err := answered(ctx, n.only().ask(func() error { return nil })); err != nil {
		t.Fatal(err)
	}
	if !k.acknowledged(99) {
		t.Error("a repeated report is not acknowledged")
	}
}

// Reports of what nobody knows are acknowledged, lest they come for ever.
func TestReportOfNobody(t *testing.T) {
	t.Parallel()
	k := newHolder(t)
	r := newKeptRig(t, k)
	i := r.one(r.app("app", idle))
	for n, key := range []string{NewUUID() + ":1", "no key", "", i.UUID, i.UUID + ":x"} {
		r.Reported(key, keeper.Exit{Report: uint64(n + 1)})
		if !k.acknowledged(uint64(n + 1)) {
			t.Errorf("%q is not acknowledged", key)
		}
	}
	r.Reported(i.key(7), keeper.Exit{Report: 70})
	r.act(i, "reset")
	if !k.acknowledged(70) {
		t.Error("a launch that never was is not acknowledged")
	}
	if st := i.Status(); st.State != Online {
		t.Errorf("%+v", st)
	}
}
