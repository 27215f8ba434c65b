package main

import (
	"time"

	"github.com/leadmaster/hub/pkg/unit"
)

// afterReload is how long after a daemon's answer a reload of the unit is over, if it
// was one: then systemd has looked into its file and taken the daemon for the main
// process, and is to be told that it is us.
const afterReload = time.Second

// joinUnit makes us, and whom we start from now on, part of a unit of systemd's that
// has started after us.
func (p *parent) joinUnit(vars []string) {
	unit.Set(vars)
	p.watchdog.Close()
	p.watchdog = unit.NewWatchdog(unit.FromEnvironment())
}
