package main

import "github.com/leadmaster/hub/pkg/unit"

// joinUnit makes us, and whom we start from now on, part of a unit of systemd's that
// has started after us.
func (p *parent) joinUnit(vars []string) {
	unit.Set(vars)
	p.watchdog.Close()
	p.watchdog = unit.NewWatchdog(unit.FromEnvironment())
}
