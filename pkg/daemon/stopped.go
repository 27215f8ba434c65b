package daemon

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/systemd"
	"github.com/leadmaster/hub/pkg/unit"
	"golang.org/x/sys/unix"
)

// unitInterval is the time between two questions to systemd; nothing tells us.
const unitInterval = 200 * time.Millisecond

// watchUnit is for a daemon of whose unit's stop nobody may have told it.
//
// One that a restart of its unit has made waits for the unit's new start, which takes
// it in. A stop may have overtaken that start: systemd then counts the unit as inactive
// and runs nothing more, so that the end of the apps is left to us.
//
// The first one of a start may have missed SIGUSR2, which Go drops as long as nobody
// listens for it.
func (d *Daemon) watchUnit(ctx context.Context, first bool) {
	u, err := cgroup.UnitOf(os.Getpid())
	if err != nil || u.Name == "" {
		return
	}
	switch {
	case unit.Detached():
		d.awaitFate(ctx, u)
	case first && d.unit.get().PIDFile != "":
		if job, err := (systemd.Manager{User: u.User}).Job(ctx, u.Name); err == nil && job == "stop" {
			d.endWithUnit(u)
		}
	case d.unit.get().PIDFile != "":
		d.awaitReload(ctx, u)
	}
}

// awaitReload is for a daemon that a reload of its unit may have made. A stop or a
// restart in the middle of that sends SIGUSR2 to the keeper, who may have been about to
// execute its next program and does not know of it: it gets the signal again.
func (d *Daemon) awaitReload(ctx context.Context, u cgroup.Unit) {
	tick := time.NewTicker(unitInterval)
	defer tick.Stop()
	for {
		switch state, err := (systemd.Manager{User: u.User}).SubState(ctx, u.Name); {
		case err != nil:
			return // systemd is not to be had
		case state == "stop-sigterm":
			d.log.Info("the unit was stopped over its reload; telling the keeper once more", "unit", u.Name)
			if pid := d.keeperPID(); pid != 0 {
				_ = unix.Kill(pid, unix.SIGUSR2)
			}
			return
		case state != "reload":
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// endWithUnit ends everything.
func (d *Daemon) endWithUnit(u cgroup.Unit) {
	d.log.Info("the unit was stopped over its start; ending all apps", "unit", u.Name)
	d.leavePIDFile()
	d.endAll("the unit was stopped", func([]api.Result) {})
	d.end()
}

// awaitFate waits until it is clear what becomes of the unit.
func (d *Daemon) awaitFate(ctx context.Context, u cgroup.Unit) {
	tick := time.NewTicker(unitInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		out, err := systemd.Manager{User: u.User}.Systemctl(ctx, "show", "--property=ActiveState,Job", u.Name)
		if err != nil || ctx.Err() != nil {
			continue // systemd is not to be had
		}
		switch unitFate(out) {
		case unitRuns:
			return
		case unitOver:
			d.endWithUnit(u)
			return
		}
	}
}

// fate is what becomes of a unit.
type fate int

const (
	unitChanges fate = iota
	unitRuns
	unitOver
)

// unitFate reads properties of a unit, KEY=value lines. Without a job an inactive one
// stays so.
func unitFate(properties string) fate {
	state, job := "", ""
	for line := range strings.Lines(properties) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
		case "ActiveState":
			state = value
		case "Job":
			job = value
		}
	}
	switch {
	case state == "active":
		return unitRuns
	case (state == "inactive" || state == "failed") && (job == "" || job == "0"):
		return unitOver
	}
	return unitChanges
}
