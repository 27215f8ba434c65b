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

// leaveUnit sees to it that systemd takes nobody for the next main process, whose end
// it would wait for. The unit's ExecStop= has done so before, but not at a restart or a
// stop that comes in the middle of a reload. The daemon, which may be about to execute
// its next program, is told in its turn.
func (p *parent) leaveUnit() {
	_ = p.send(&keeper.Message{Kind: keeper.KindLeaves})
	if path := unit.FromEnvironment().PIDFile; path != "" {
		_ = os.Remove(path)
	}
}

// joinUnit makes us, and whom we start from now on, part of a unit of systemd's that
// has started after us.
func (p *parent) joinUnit(vars []string) {
	unit.Set(vars)
	p.watchdog.Close()
	p.watchdog = unit.NewWatchdog(unit.FromEnvironment())
}
