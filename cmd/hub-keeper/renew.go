package main

import "github.com/leadmaster/hub/pkg/keeper"

// renew executes the keeper's program in our place. It is called between two
// rounds of the loop: what has not been read is still in the socket, who has
// ended is still a zombie, and everything else stands in the table. A SIGTERM in
// the milliseconds until the next image catches it ends the keeper (Go's runtime
// unblocks it when it starts, so blocking it does not help); then the daemon becomes
// the keeper. SIGUSR2, which a stop of the unit in the middle of its reload sends just
// then, waits.
func (p *parent) renew() {
	p.renewal = false
	d := &p.daemon
	if d.pid == 0 {
		return // it would be started by a keeper that it knows nothing of
	}
	defer keeper.HoldBack()()
	p.takeSignals()
	if p.over || p.stepDown {
		return // there is no time to come
	}
	table := p.table()
	table.Socket, table.Daemon, table.Serving, table.Ending = d.socket, d.pid, d.serving, d.ending
	err := p.become(table)
	p.launches.tellAgain() // the table has told nobody
	say(levelError, "can't become the new keeper: going on as the old one", "program", p.program, "err", err.Error())
}

// become returns only if it fails, with everything as it was.
func (p *parent) become(table *keeper.Table) error {
	return keeper.Execute(p.program, p.arguments(), table)
}
