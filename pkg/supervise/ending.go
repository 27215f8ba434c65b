package supervise

import (
	"fmt"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/proc"
)

const (
	// keeperPatience and initPatience are how long the exit of a process that is
	// not our child is waited for: its parent has to reap it first. The keeper does
	// so at once; a pid 1 in a container may take seconds, or never do it.
	keeperPatience = 10 * time.Second
	initPatience   = 3 * time.Second
	// firstExitPause and lastExitPause bound the time between two looks.
	firstExitPause = time.Millisecond
	lastExitPause  = 100 * time.Millisecond
)

type (
	// processEnded: the pidfd of a launch's main process is readable.
	processEnded struct{ gen int }
	// reported: the keeper has reaped the main process of a launch.
	reported struct {
		gen int
		raw keeper.Exit
	}
)

// watch has the end of a launch's main process noticed.
func (i *Instance) watch(l *launch) error {
	err := l.process.WhenEnded(i.sup.Loop, func() {
		// On the loop's goroutine. What the app said before it ended is heard
		// before its end.
		if l.channel != nil {
			l.channel.Drain()
		}
		if l.notify != nil {
			l.notify.Drain()
		}
		i.mail.put(processEnded{l.gen})
	})
	if err != nil {
		return fmt.Errorf("watch the process: %w", err)
	}
	return nil
}

// Reported takes a report of the keeper's: how the main process of a launch has
// ended, which was the child of an earlier daemon. One that is on record already
// is acknowledged at once. It does not block.
func (s *Supervisor) Reported(key string, e keeper.Exit) {
	uuid, gen, ok := parseKey(key)
	if i := s.byUUID(uuid); ok && i != nil && i.mail.put(reported{gen, e}) {
		return
	}
	s.Keeper.Recorded(e.Report)
}

// reported takes the keeper's word. It counts when the end itself was noticed:
// what the app said before comes first.
func (i *Instance) reported(r reported) {
	l := i.find(r.gen)
	if l == nil || l.process == nil || l.exit != nil {
		i.sup.Keeper.Recorded(r.raw.Report)
		return
	}
	l.report = &r
	if l.over {
		i.ended(r.gen)
	}
}

// ended finds out how the main process of a launch ended, and leaves the zombie
// in place. There are three sources: our own child, the keeper's report and,
// where somebody else has reaped it, the kernel. The first to be recorded counts.
func (i *Instance) ended(gen int) {
	l := i.find(gen)
	if l == nil || l.process == nil || l.exit != nil {
		return
	}
	exit, ok, err := l.process.Peek()
	switch {
	case err != nil:
		i.logError("exit code", err)
		exit = proc.Exit{Unknown: true}
	case !ok:
		i.lookAgainAt(l) // whoever traces it (ptrace(2)) has its end first
		return
	case exit.Unknown && l.report != nil:
		exit = proc.ExitOf(l.report.raw.Status)
	case exit.Unknown && i.awaitExit(l):
		return
	}
	l.exit, l.ended = &exit, ticks()
	i.handle(exited{gen, exit})
}

// awaitExit looks again later, and reports false when that was done for long
// enough, or can't help.
func (i *Instance) awaitExit(l *launch) bool {
	if !l.over {
		l.over, l.pause, l.patience = true, firstExitPause, i.exitPatience(l.process)
	} else {
		l.patience -= l.pause
		l.pause = min(2*l.pause, lastExitPause)
	}
	if l.patience <= 0 {
		return false
	}
	time.AfterFunc(l.pause, func() { i.mail.put(processEnded{l.gen}) })
	return true
}

// lookAgainAt looks for the end of a launch's main process after a pause: its pidfd
// tells of it only once, or can't be watched.
func (i *Instance) lookAgainAt(l *launch) {
	l.pause = min(max(2*l.pause, firstExitPause), lastExitPause)
	gen := l.gen
	time.AfterFunc(l.pause, func() { i.mail.put(processEnded{gen}) })
}

// exitPatience is how long it may take until somebody tells the exit of a process
// that is not our child.
func (i *Instance) exitPatience(p *proc.Process) time.Duration {
	parent, err := p.Parent()
	switch keeper := i.sup.KeeperPID; {
	case keeper != 0 && (err != nil || parent == keeper):
		return keeperPatience // it reports, or has done so
	case p.Tells():
		return initPatience
	}
	return 0
}

// reap lets the zombie of a launch go, and its wires: nothing of an app that is
// down stays open or lies about.
func (i *Instance) reap(gen int) {
	l := i.find(gen)
	if l == nil || l.process == nil || l.exit == nil {
		return
	}
	if err := l.process.Reap(); err != nil {
		i.logError("reap", err)
	}
	i.sup.Keeper.Reaped(i.key(gen))
	if l.report != nil {
		i.sup.Keeper.Recorded(l.report.raw.Report)
	}
	i.close(l)
}
