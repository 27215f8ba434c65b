package supervise

import (
	"fmt"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
)

// adopted: an instance of an earlier daemon was found again.
type adopted struct {
	gen    int
	pid    int // its main process, 0 if that runs no more
	was    int // the pid that it had
	forked bool
	exit   proc.Exit // of a process that was forked and runs no more
	lost   string    // why its process, which may run, can't be had
	// signalled: it has got the kill signal of the stop that is under way.
	signalled bool
	due       time.Time // of a pending restart
	beside    []adoptedBeside
}

// adoptedBeside is a launch that ran beside the current one.
type adoptedBeside struct {
	*beside
	signalled bool
}

func (adopted) isEvent() {}

// adopted goes on from where the earlier daemon was. What that was about to do is
// done again, but for the kill signal: a launch that never came to its fork, a
// stop, a deletion.
func (m *machine) adopted(ev adopted) {
	for _, b := range ev.beside {
		m.adoptBeside(b)
	}
	switch m.state {
	case Launching, Online:
		m.adoptRunning(ev)
	case Stopping:
		m.adoptStopping(ev)
	case Waiting:
		m.due = ev.due
		m.delay = max(0, ev.due.Sub(m.now))
		m.do(arm{m.gen, timerRestart, m.delay})
	case Stopped, Errored:
		if m.want == Gone {
			m.finished()
		}
	}
}

// adoptBeside ends a launch that ran beside the current one. A candidate too:
// nobody waits for the reload any more.
func (m *machine) adoptBeside(b adoptedBeside) {
	if b.signalled {
		m.outgoing = append(m.outgoing, b.beside)
		m.armKillBeside(b.beside)
		if b.pid == 0 {
			m.do(sweep{b.gen, false})
		}
		return
	}
	m.dismiss(b.beside)
}

// isDown reports whether the end of the current launch is on record, if there was one.
func (m *machine) isDown() bool {
	return m.state == Stopped || m.state == Errored || m.state == Waiting
}

func (m *machine) adoptStopping(ev adopted) {
	m.pid, m.counts = ev.pid, true
	m.killed = m.spec.KillTimeout == 0
	m.note("adopted", "by a new daemon, while it was being stopped")
	m.armKill()
	switch {
	case m.pid == 0 && ev.forked:
		m.lastExit, m.lastEnd = &ev.exit, ev.exit.String()
		m.noteExit(ev.was, ev.exit.String())
		m.do(sweep{m.gen, m.killed})
	case m.pid == 0 || m.killed:
		m.do(sweep{m.gen, m.killed})
	case !ev.signalled:
		m.do(signal{m.gen})
	}
}

func (m *machine) adoptRunning(ev adopted) {
	if ev.lost != "" { // another one might run beside it
		m.state, m.want = Errored, Down
		m.note("errored", "its process can't be taken over and may run on; stop ends it: "+ev.lost)
		return
	}
	if !ev.forked {
		m.note("adopted", "by a new daemon; the one before ended before it could launch it")
		m.launch("autorestart")
		return
	}
	if ev.pid == 0 {
		m.lastExit, m.lastEnd = &ev.exit, ev.exit.String()
		m.ended(ending{exit: ev.exit, pid: ev.was, lived: m.now.Sub(m.launchedAt)}, "while no daemon ran: "+ev.exit.String())
		return
	}
	m.pid = ev.pid
	m.note("adopted", fmt.Sprintf("by a new daemon, process %d", ev.pid))
	lived := m.now.Sub(m.launchedAt)
	if m.state == Launching {
		if m.spec.WaitReady {
			m.do(arm{m.gen, timerListen, max(0, m.spec.ListenTimeout.Std()-lived)})
			return
		}
		m.online("")
		return
	}
	if m.Unstable > 0 {
		m.do(arm{m.gen, timerStable, max(0, m.spec.MinUptime.Std()-lived)})
	}
	if m.Backoff > 0 {
		m.do(arm{m.gen, timerCalm, max(0, backoffCalm-lived)})
	}
}
