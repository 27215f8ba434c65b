package daemon

import (
	"errors"
	"os/signal"
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/supervise"
	"golang.org/x/sys/unix"
)

// serveInside is serve for tests that look inside.
func serveInside(t *testing.T) (*rig, *Daemon) {
	t.Helper()
	running := make(chan *Daemon, 1)
	r := serveIn(t, t.TempDir(), func(d *Daemon) error { running <- d; return nil })
	return r, receive(t, running)
}

// A program that can't be executed leaves the daemon as it was: it serves, and can
// be ended.
//
// Not parallel: signals are the process's.
func TestBecomeWhatIsNotThere(t *testing.T) {
	r, d := serveInside(t)
	r.begin(r.app("app", "exec sleep 1000"))
	caught := false
	d.catch = func() { caught = true; signal.Reset(unix.SIGHUP, unix.SIGINT) }
	err := d.become(r.context(), "/does/not/exist", nil, &keeper.Table{Socket: -1, Lock: -1})
	if !errors.Is(err, unix.ENOENT) {
		t.Fatal(err)
	}
	if !caught {
		t.Error("signals are ignored from now on, by new apps too")
	}
	file, err := d.listenerFile()
	if err != nil {
		t.Fatal(err)
	}
	if flags, err := unix.FcntlInt(uintptr(file.FD), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
		t.Errorf("the control socket blocks (%v)", err)
	}
	if flags, err := unix.FcntlInt(uintptr(file.FD), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("the control socket is inherited by apps (%v)", err)
	}
	if results := r.act("restart", "app"); len(results) != 1 || results[0].Error != "" {
		t.Errorf("%+v", results)
	}
}

// Who was told that the daemon ends must not meet the next one.
func TestBecomeWhileLeaving(t *testing.T) {
	r, d := serveInside(t)
	d.left.Store(true)
	defer d.left.Store(false)
	if err := d.become(r.context(), "/does/not/exist", nil, &keeper.Table{Socket: -1, Lock: -1}); !errors.Is(err, supervise.ErrEnding) {
		t.Errorf("%v", err)
	}
}
