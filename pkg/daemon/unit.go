package daemon

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/unit"
)

// inUnit is the unit of systemd's that the daemon is in, if it is in one.
type inUnit struct {
	mu  sync.Mutex // guards now
	now unit.Unit
}

func (u *inUnit) get() unit.Unit {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.now
}

// enterUnit tells systemd whom to take for the main process when the keeper dies,
// and the keeper what unit it is in: an older one of which it had the variables, or
// one that has started after it.
func (d *Daemon) enterUnit() {
	d.unit.mu.Lock()
	defer d.unit.mu.Unlock()
	d.unit.now = unit.FromEnvironment()
	if d.unit.now == (unit.Unit{}) {
		return
	}
	if path := d.unit.now.PIDFile; path != "" {
		if err := store.WritePid(path); err != nil {
			d.log.Error("systemd can't be told who is the next main process", "error", err)
		}
	}
	if d.link != nil {
		d.link.Environ(d.unit.now.Environ())
	}
}

// detach makes nobody the next main process of the unit, which is about to end or to
// be started anew: whom systemd finds there it would wait for, and kill. The present
// one has to be the keeper, which after a reload systemd may not know yet. That is
// said here and not by who asks, who may be root: systemd believes root anything.
func (d *Daemon) detach(r *replies) error {
	d.log.Info("the unit of systemd's ends, or starts anew")
	if pid := d.keeperPID(); pid != 0 {
		d.tellUnit(unit.MainPID(pid))
	}
	d.leavePIDFile()
	return r.last(api.ResultsReply{Results: []api.Result{}})
}

func (d *Daemon) leavePIDFile() {
	d.unit.mu.Lock()
	defer d.unit.mu.Unlock()
	path := d.unit.now.PIDFile
	if path == "" {
		return
	}
	d.unit.now.PIDFile = ""
	unit.Set(d.unit.now.Environ())
	if d.link != nil {
		d.link.Environ(d.unit.now.Environ())
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Error("the file for systemd", "error", err)
	}
}

// tellReady says that the unit is up, and who its main process is: systemd may have
// found another one while the daemon before became the keeper. A unit that is about to
// end, or to start anew, is told of none.
func (d *Daemon) tellReady() {
	if d.link != nil {
		d.link.Begun()
	}
	if d.unit.get().Socket == "" {
		return
	}
	ready := []string{"READY=1"}
	if pid := d.keeperPID(); pid != 0 && d.unit.get().PIDFile != "" {
		ready = append(ready, unit.MainPID(pid))
	}
	d.tellUnit(ready...)
}

// tellUnit tells systemd something, by sd_notify(3).
func (d *Daemon) tellUnit(assignments ...string) {
	if err := d.unit.get().Tell(assignments...); err != nil {
		d.log.Error("systemd can't be told", "message", assignments[0], "error", err)
	}
}
