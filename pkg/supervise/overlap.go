package supervise

import (
	"fmt"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// beside is a launch that runs beside the current one: a candidate that is to
// replace it, or one that is being ended.
type beside struct {
	gen        int
	pid        int // main process, 0 before the fork and after the exit
	spec       *spec.Spec
	launchedAt time.Time
	killed     bool   // its end has come to SIGKILL
	role       string // in words
}

const (
	roleOld = "the process before"
	roleNew = "the new process"
)

// reload replaces the process. Where two of a kind may run at once (reload:
// overlap) the next one is launched beside the old one, which serves until that
// is ready, and on if it fails; else it is a restart.
func (m *machine) reload(c command) {
	next := m.latest()
	if c.spec != nil {
		next = c.spec
	}
	if m.state != Online || next.Reload != spec.ReloadOverlap {
		if c.reply != nil {
			c.reply.goal = Up
		}
		m.up(c)
		return
	}
	on := m.candidate
	if on != nil && c.base == nil && len(on.spec.Changes(next)) == 0 { // what is asked for is under way
		m.await(c.reply, on.gen)
		return
	}
	m.dismissCandidate()
	m.next = nil
	m.launches++
	if on != nil { // who waited for that one waits for this one
		for _, w := range m.waiters {
			if w.goal == Replaced && w.gen == on.gen {
				w.gen = m.launches
			}
		}
	}
	m.await(c.reply, m.launches)
	m.candidate = &beside{gen: m.launches, spec: next, launchedAt: m.now, role: roleNew}
	m.note("reload", c.cause)
	m.do(spawn{gen: m.launches, spec: next, base: c.base, beside: true})
}

// stepBeside takes an event of a launch that runs beside the current one, and
// reports whether it was one.
func (m *machine) stepBeside(ev event) bool {
	gen, ok := generation(ev)
	if !ok || gen == m.gen {
		return false
	}
	if m.candidate != nil && m.candidate.gen == gen {
		m.stepCandidate(m.candidate, ev)
		return true
	}
	if n := slices.IndexFunc(m.outgoing, func(b *beside) bool { return b.gen == gen }); n >= 0 {
		m.stepOutgoing(m.outgoing[n], ev)
		return true
	}
	return false
}

// ends reports whether a launch is being ended.
func (m *machine) ends(gen int) bool {
	if gen == m.gen {
		return m.state == Stopping
	}
	return slices.ContainsFunc(m.outgoing, func(b *beside) bool { return b.gen == gen })
}

// generation returns the launch that an event is about.
func generation(ev event) (gen int, ok bool) {
	switch ev := ev.(type) {
	case spawned:
		return ev.gen, true
	case spawnFailed:
		return ev.gen, true
	case ready:
		return ev.gen, true
	case exited:
		return ev.gen, true
	case treeGone:
		return ev.gen, true
	case unstoppable:
		return ev.gen, true
	case expired:
		return ev.gen, true
	}
	return 0, false
}

func (m *machine) stepCandidate(c *beside, ev event) {
	switch ev := ev.(type) {
	case spawned:
		c.pid = ev.pid
		m.do(arm{c.gen, timerTrial, trial(c.spec)})
	case spawnFailed:
		m.candidate = nil
		m.do(forget{c.gen})
		m.rejected(c, Outcome{Err: "could not be started: " + ev.err.Error()})
	case ready:
		if c.spec.WaitReady {
			m.replace()
		}
	case exited:
		c.pid = 0
		lived := m.now.Sub(c.launchedAt).Truncate(time.Millisecond)
		m.dismissCandidate()
		m.rejected(c, Outcome{Err: fmt.Sprintf("%s after %v", ev.exit, lived), Died: true, gen: c.gen})
	case expired:
		switch {
		case ev.timer != timerTrial:
		case c.spec.WaitReady: // whatever on_listen_timeout says: the old one is better
			m.dismissCandidate()
			m.rejected(c, Outcome{Err: fmt.Sprintf("not ready within listen_timeout (%v)", c.spec.ListenTimeout.Std()), Died: true, gen: c.gen})
		default:
			m.replace()
		}
	}
}

// trial is how long a candidate has to say ready, or, if it does not do so, to
// stay alive before it is believed: a moment at least, whatever min_uptime says.
func trial(s *spec.Spec) time.Duration {
	if s.WaitReady {
		return s.ListenTimeout.Std()
	}
	return max(settleTime, min(s.MinUptime.Std(), s.ListenTimeout.Std()))
}

// rejected: a candidate won't do, and the old process serves on.
func (m *machine) rejected(c *beside, o Outcome) {
	o.Err = "the new process was given up, the old one serves on: " + o.Err
	m.note("reload failed", o.Err)
	m.reply(Replaced, func(w *waiter) bool { return w.gen == c.gen }, o)
}

// replace makes the candidate the current launch and ends the old one.
func (m *machine) replace() {
	m.do(disarm{m.candidate.gen, timerTrial})
	m.disarmLaunch()
	old := &beside{gen: m.gen, pid: m.pid, spec: m.spec, launchedAt: m.launchedAt, role: roleOld}
	m.takeOver()
	m.online("")
	m.dismiss(old)
}

// succeed makes the candidate the current launch after the old one has ended by
// itself. There is nothing to go back to, so from here on it is a start.
func (m *machine) succeed() {
	old := &beside{gen: m.gen, spec: m.spec, launchedAt: m.launchedAt, role: roleOld}
	m.do(disarm{m.candidate.gen, timerTrial})
	m.takeOver()
	m.aim(Replaced, Up)
	if m.spec.WaitReady {
		m.state = Launching
		m.do(arm{m.gen, timerListen, max(0, m.spec.ListenTimeout.Std()-m.now.Sub(m.launchedAt))})
	} else {
		m.online("")
	}
	m.dismiss(old)
}

func (m *machine) takeOver() {
	c := m.candidate
	m.candidate = nil
	m.gen, m.pid, m.spec, m.launchedAt = c.gen, c.pid, c.spec, c.launchedAt
	m.createdAt, m.counters = m.now, counters{}
	m.notReady = false
	m.restarts++
	m.do(promote{m.gen})
}

// dismissCandidate ends the candidate, if there is one.
func (m *machine) dismissCandidate() {
	c := m.candidate
	if c == nil {
		return
	}
	m.candidate = nil
	m.do(disarm{c.gen, timerTrial})
	m.dismiss(c)
}

// dismiss begins the kill sequence of a launch beside the current one.
func (m *machine) dismiss(b *beside) {
	m.outgoing = append(m.outgoing, b)
	b.killed = b.spec.KillTimeout == 0
	m.armKillBeside(b)
	if b.pid == 0 || b.killed {
		m.do(sweep{b.gen, b.killed})
	} else {
		m.do(signal{b.gen})
	}
}

func (m *machine) armKillBeside(b *beside) {
	after := b.spec.KillTimeout.Std()
	if b.killed {
		after = unkillable
	}
	m.do(arm{b.gen, timerKill, after})
}

func (m *machine) stepOutgoing(b *beside, ev event) {
	switch ev := ev.(type) {
	case exited:
		m.noteExit(b.pid, fmt.Sprintf("%s: %s", b.role, ev.exit))
		b.pid = 0
		m.do(sweep{b.gen, b.killed})
	case treeGone:
		if b.pid == 0 {
			m.left(b)
		}
	case unstoppable:
		m.note("warning", ev.why)
		m.giveUp(ev.why)
	case expired:
		if ev.timer == timerKill {
			m.killBeside(b)
		}
	}
}

func (m *machine) killBeside(b *beside) {
	if b.killed {
		text := "something of " + b.role + " is still there " + unkillable.String() + " after SIGKILL"
		m.note("warning", text)
		m.giveUp(text)
	} else {
		m.note("kill timeout", fmt.Sprintf("%s still runs after kill_timeout (%v): SIGKILL", b.role, b.spec.KillTimeout.Std()))
	}
	b.killed = true
	m.armKillBeside(b)
	m.do(sweep{b.gen, true})
}

// left: nothing is left of a launch that was being ended.
func (m *machine) left(b *beside) {
	m.do(disarm{b.gen, timerKill})
	m.do(forget{b.gen})
	m.outgoing = slices.DeleteFunc(m.outgoing, func(o *beside) bool { return o == b })
	if len(m.outgoing) > 0 {
		return
	}
	if m.state == Stopping && m.swept {
		m.finished()
		return
	}
	m.reply(Replaced, func(w *waiter) bool { return w.gen <= m.gen }, Outcome{})
}
