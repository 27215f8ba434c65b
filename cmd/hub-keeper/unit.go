package main

import (
	"os"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/unit"
)

// afterReload is how long after a daemon's answer a reload of the unit is over, if it
// was one: then systemd has looked into its file and taken the daemon for the main
// process, and is to be told that it is us.
const afterReload = time.Second

// exitSteppedDown is the exit code of a keeper that has a successor: not 0, with which
// everything has ended and the unit is not to be started again. It is EX_TEMPFAIL of
// sysexits.h, and the unit's SuccessExitStatus=.
const exitSteppedDown = 75

// detachTime is how long a daemon has to give up its part in the unit. One of an earlier
// release does not know how.
const detachTime = time.Second

// leaveUnit ends the keeper once the daemon has seen to it that systemd takes nobody for
// the next main process, whose end it would wait for. The unit's ExecStop= has had that
// done before, but not at a restart or a stop that comes in the middle of a reload.
// Then the daemon may be about to execute its next program, so it is asked and does
// this itself: the file would be back as soon as we have removed it.
func (p *parent) leaveUnit(now time.Time) {
	if p.leaveBy.IsZero() {
		p.leaveBy = now.Add(detachTime)
		_ = p.send(&keeper.Message{Kind: keeper.KindLeaves})
	}
	if !p.detached && now.Before(p.leaveBy) {
		return
	}
	if path := unit.FromEnvironment().PIDFile; path != "" {
		_ = os.Remove(path)
	}
	p.end(exitSteppedDown)
}

// joinUnit makes us, and whom we start from now on, part of a unit of systemd's that
// has started after us.
func (p *parent) joinUnit(vars []string) {
	unit.Set(vars)
	p.watchdog.Close()
	p.watchdog = unit.NewWatchdog(unit.FromEnvironment())
}
