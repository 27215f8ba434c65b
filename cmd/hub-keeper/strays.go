package main

import "github.com/leadmaster/hub/pkg/keeper"

// stray is a child of ours that has ended and may be a launch in the air.
type stray struct {
	keeper.Stray
	told bool
}

// maxStrays bounds what orphans can cost while a launch is in the air.
const maxStrays = 256

func (l *launches) addStray(s keeper.Stray) {
	if len(l.strays) == maxStrays {
		l.strays = append(l.strays[:0], l.strays[1:]...)
	}
	l.strays = append(l.strays, stray{Stray: s})
}

// forgetStrays forgets who can't be a launch any more.
func (l *launches) forgetStrays() {
	if len(l.strays) > 0 && !l.inAir() {
		l.strays = l.strays[:0]
	}
}
