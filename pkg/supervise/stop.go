package supervise

import (
	"fmt"
	"time"
)

// unkillable is how long after SIGKILL a process that is still there is worth
// another try and a line in the log: it hangs in the kernel.
const unkillable = 5 * time.Second

// beginStop starts the kill sequence: the kill signal to the main process, to
// the rest when that has ended, SIGKILL to all at kill_timeout.
func (m *machine) beginStop(kind, cause string) {
	m.state, m.killed, m.counts, m.unready, m.swept = Stopping, m.spec.KillTimeout == 0, true, false, false
	m.note(kind, cause)
	m.disarmLaunch()
	m.dismissCandidate()
	m.armKill()
	if m.killed {
		m.do(sweep{m.gen, true})
	} else {
		m.do(signal{m.gen})
	}
}

// disarmLaunch stops the timers of a launch that runs.
func (m *machine) disarmLaunch() {
	for _, t := range [...]timer{timerListen, timerStable, timerCalm, timerSettle} {
		m.do(disarm{m.gen, t})
	}
}

func (m *machine) armKill() {
	after := m.spec.KillTimeout.Std()
	if m.killed {
		after = unkillable
	}
	m.do(arm{m.gen, timerKill, after})
}

func (m *machine) killTimeout() {
	if m.killed {
		text := "something of it is still there " + unkillable.String() + " after SIGKILL"
		m.note("warning", text)
		m.giveUp(text)
	} else {
		m.note("kill timeout", fmt.Sprintf("still running after kill_timeout (%v): SIGKILL", m.spec.KillTimeout.Std()))
	}
	m.killed = true
	m.armKill()
	m.do(sweep{m.gen, true})
}

// giveUp lets those go who wait for a stop that may never end. The stop itself
// goes on: the instance leaves Stopping when its processes do.
func (m *machine) giveUp(why string) {
	for _, goal := range []Want{Up, Replaced, Down, Gone} {
		m.fail(goal, why)
	}
}

// finished: a stop is over when nothing of the app runs.
func (m *machine) finished() {
	m.do(disarm{m.gen, timerKill})
	if len(m.outgoing) > 0 {
		return
	}
	switch m.want {
	case Down:
		m.state = Stopped
		m.note("stopped", "")
		m.reply(Down, nil, Outcome{})
	case Gone:
		m.state = Stopped
		m.note("deleted", "")
		m.do(drop{}) // first, so that whoever is answered finds the name free
		m.reply(Down, nil, Outcome{})
		m.reply(Gone, nil, Outcome{})
	case Up:
		if m.unready {
			m.state = Launching // what it was when the time was up
			m.ended(ending{failed: true}, fmt.Sprintf("not ready within listen_timeout (%v)", m.spec.ListenTimeout.Std()))
			return
		}
		if m.counts {
			m.restarts++
		}
		m.launch("restart")
	}
}
