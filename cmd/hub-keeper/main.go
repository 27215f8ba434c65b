// Command hub-keeper is the parent of hubd: it starts it, starts it again when
// it dies, and keeps for the next one what an app's life hangs on. It is
// executed by hubd and reads no configuration; see pkg/keeper for what the two
// say to each other.
//
// It stays small: no fmt, no net, nothing that initialises itself at length.
package main

import (
	"os"
	"runtime"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/pages"
	"golang.org/x/sys/unix"
)

func main() {
	// An exec by another thread shows the process as a zombie for an instant,
	// and systemd looks just then; so everything is done by the leading one.
	runtime.LockOSThread()
	os.Exit(run(os.Args))
}

const usage = `hub-keeper is started by hubd and not by hand.
usage: hub-keeper --kept DESCRIPTOR [--health-ms N] [--pause-ms N]
       hub-keeper --listen DESCRIPTOR PROGRAM ARGV0 [ARG ...]
       hub-keeper --protocol
`

func usageError() int {
	_, _ = unix.Write(2, []byte(usage))
	return 2
}

// run returns the exit code.
func run(args []string) int {
	if len(args) > 1 && args[1] == keeper.Activate { // before all else: an app waits for its exec
		return activate(args[2:])
	}
	o, ok := parse(args[1:])
	switch {
	case !ok:
		return usageError()
	case o.protocol:
		_, _ = unix.Write(1, append(number(keeper.Protocol), '\n'))
		return 0
	}
	ours := pages.Thin(8 << 10)
	table, err := keeper.ReadTable(o.kept)
	if err != nil {
		say(levelError, "no table", "descriptor", text(o.kept), "err", err.Error())
		return 1
	}
	_ = unix.Close(o.kept)
	if err := becomeReaper(table); err != nil {
		say(levelError, "can't be the parent of orphans", "err", err.Error())
		return 1
	}
	signals, err := watchSignals()
	if err != nil {
		say(levelError, "can't be told of signals", "err", err.Error())
		return 1
	}
	keeper.LetThrough()
	p := newParent(o, table, signals)
	p.pages = ours
	return p.serve()
}

// becomeReaper makes orphans of our children ours, and keeps what we hold from
// whom we start: each daemon is given what it needs by number.
func becomeReaper(table *keeper.Table) error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := keeper.Inherit(false, table.Descriptors()...); err != nil {
		return err
	}
	// What else may have come along. There since Linux 5.11; hubd has done it too.
	_ = unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	return nil
}
