package supervise

import (
	"fmt"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
)

// settleTime is how long a start watches a new process that does not say ready,
// so that one that dies at once shows in the answer.
const settleTime = 200 * time.Millisecond

// machine is the state of one instance. It is pure: it knows no clock, no
// process and no file. step takes an event and returns what is to be done.
type machine struct {
	spec *spec.Spec
	next *spec.Spec // takes effect with the next launch

	want     Want
	state    State
	launches int // generations given out
	gen      int // of the current launch
	pid      int // its main process, 0 when there is none

	candidate *beside   // is to replace the current launch, when it is ready
	outgoing  []*beside // are being ended while the current launch goes on

	launchedAt time.Time
	createdAt  time.Time
	restarts   int
	counters
	delay time.Duration // of the pending restart
	due   time.Time     // when that is to be

	notReady bool // online although it never said ready
	killed   bool // this stop has come to SIGKILL
	counts   bool // the launch after this stop is a restart
	unready  bool // this stop is for a launch that did not get ready in time
	swept    bool // this stop waits for outgoing launches only

	lastExit *proc.Exit
	lastEnd  string // the same in words, with what was not an exit

	waiters []*waiter
	now     time.Time // of the event under way
	out     []effect
}

func newMachine(s *spec.Spec, now time.Time) *machine {
	return &machine{spec: s, want: Down, state: Stopped, createdAt: now}
}

// step takes one event and returns the effects in the order in which they are
// to be done. Events of an old generation change nothing.
func (m *machine) step(now time.Time, ev event) []effect {
	m.now, m.out = now, nil
	if m.stepBeside(ev) {
		return m.out
	}
	switch ev := ev.(type) {
	case command:
		m.command(ev)
	case adopted:
		m.adopted(ev)
	case spawned:
		if ev.gen == m.gen && m.state == Launching {
			m.spawned(ev)
		}
	case spawnFailed:
		if ev.gen == m.gen && m.state == Launching {
			m.lastEnd = ev.err.Error()
			m.ended(ending{failed: true}, "could not be started: "+m.lastEnd)
		}
	case ready:
		if ev.gen == m.gen {
			m.ready(ev)
		}
	case exited:
		if ev.gen == m.gen && m.pid != 0 {
			m.exited(ev)
		}
	case treeGone:
		if ev.gen == m.gen && m.state == Stopping && m.pid == 0 {
			m.swept = true
			m.finished()
		}
	case unstoppable:
		if ev.gen == m.gen && m.state == Stopping {
			m.note("warning", ev.why)
			m.giveUp(ev.why)
		}
	case overLimit:
		if ev.gen == m.gen && m.candidate == nil && (m.state == Online || m.state == Launching) {
			m.beginStop("memory", fmt.Sprintf("Script memory limit reached: %d bytes used, limit %d bytes", ev.used, ev.limit))
		}
	case expired:
		if ev.gen == m.gen {
			m.expired(ev.timer)
		}
	}
	return m.out
}

func (m *machine) do(e effect) { m.out = append(m.out, e) }

func (m *machine) note(kind, reason string) { m.do(note{kind: kind, reason: reason}) }

// noteExit notes the end of a process, which is nobody's main process any more.
func (m *machine) noteExit(pid int, how string) { m.do(note{"exit", how, pid}) }

func (m *machine) command(c command) {
	if m.want == Gone && c.verb != verbDelete {
		m.answer(c.reply, Outcome{Err: "it is being deleted"})
		return
	}
	switch c.verb {
	case verbStart, verbRestart:
		m.up(c)
	case verbReload:
		m.reload(c)
	case verbStop, verbDelete:
		m.down(c)
	case verbConfigure:
		if m.next = c.spec; m.pid == 0 && m.state != Launching && m.state != Stopping {
			m.spec, m.next = m.next, nil
		}
		m.answer(c.reply, Outcome{})
	case verbJoin:
		m.join(c.reply)
	case verbReset:
		m.restarts, m.Unstable, m.createdAt = 0, 0, m.now
		m.note("reset", c.cause)
		m.answer(c.reply, Outcome{})
	}
}

// up is start and restart: they differ only in what a running app is told.
func (m *machine) up(c command) {
	if c.spec != nil {
		m.next = c.spec
	}
	if c.base != nil {
		m.do(rebase{c.base})
	}
	m.want = Up
	m.counters = counters{}
	m.createdAt = m.now
	m.fail(Down, "superseded by "+string(c.verb)+": "+c.cause)
	m.aim(Replaced, Up) // who waits for a reload waits for this launch
	m.wait(c.reply)
	switch m.state {
	case Stopped, Errored:
		m.launch(c.cause)
	case Waiting:
		m.do(disarm{m.gen, timerRestart})
		m.restarts++
		m.launch(c.cause)
	case Launching, Online:
		m.beginStop("restart", c.cause)
	case Stopping: // whoever is stopping it, it comes up afterwards
		m.counts, m.unready = true, false
	}
}

// down is stop and delete. Even an app that does not run is swept, since it may
// have left processes behind.
func (m *machine) down(c command) {
	m.want, m.delay = Down, 0
	if c.verb == verbDelete {
		m.want = Gone
	}
	for _, goal := range []Want{Up, Replaced} {
		m.fail(goal, "superseded by "+string(c.verb)+": "+c.cause)
	}
	m.wait(c.reply)
	switch m.state {
	case Launching, Online:
		m.beginStop(string(c.verb), c.cause)
	case Stopped, Waiting, Errored:
		m.do(disarm{m.gen, timerRestart})
		if m.gen == 0 { // never launched: nothing can be left
			m.finished()
			return
		}
		m.state, m.killed, m.swept = Stopping, m.spec.KillTimeout == 0, false
		m.note(string(c.verb), c.cause)
		m.armKill()
		m.do(sweep{m.gen, m.killed})
	case Stopping:
		m.unready = false
	}
}

// latest is the spec that the next launch would be of.
func (m *machine) latest() *spec.Spec {
	if m.next != nil {
		return m.next
	}
	return m.spec
}

func (m *machine) launch(cause string) {
	m.spec, m.next = m.latest(), nil
	m.launches++
	m.gen = m.launches
	m.state, m.launchedAt = Launching, m.now
	m.notReady, m.killed, m.counts, m.unready, m.delay = false, false, false, false, 0
	m.note("start", cause)
	m.do(spawn{gen: m.gen, spec: m.spec})
}

func (m *machine) spawned(ev spawned) {
	m.pid = ev.pid
	if m.spec.WaitReady {
		m.do(arm{m.gen, timerListen, m.spec.ListenTimeout.Std()})
		return
	}
	m.online("")
}

// online ends the launching state. warning is not empty where it is doubtful.
func (m *machine) online(warning string) {
	m.state = Online
	if warning == "" {
		m.note("online", "")
	} else {
		m.note("warning", warning)
	}
	if m.Unstable > 0 {
		m.do(arm{m.gen, timerStable, max(0, m.spec.MinUptime.Std()-m.now.Sub(m.launchedAt))})
	}
	if m.Backoff > 0 {
		m.do(arm{m.gen, timerCalm, backoffCalm})
	}
	o := Outcome{}
	if warning != "" {
		o.Warnings = []string{warning}
	}
	watched := m.settling() > 0
	settle := false
	m.reply(Up, func(w *waiter) bool {
		settle = settle || w.settle && watched
		return !(w.settle && watched)
	}, o)
	if settle {
		m.do(arm{m.gen, timerSettle, m.settling()})
	}
}

func (m *machine) ready(ev ready) {
	switch {
	case m.state == Launching:
		m.do(disarm{m.gen, timerListen})
		m.online("")
	case m.state == Online && m.notReady:
		m.notReady = false
		m.note("ready", "said ready by "+ev.how+" after listen_timeout")
	}
}

func (m *machine) expired(t timer) {
	switch {
	case t == timerListen && m.state == Launching:
		m.listenTimeout()
	case t == timerKill && m.state == Stopping:
		m.killTimeout()
	case t == timerRestart && m.state == Waiting:
		m.restarts++
		m.launch("restart delay is over")
	case t == timerStable && m.state == Online:
		m.Unstable = 0
	case t == timerCalm && m.state == Online:
		m.Backoff = 0
	case t == timerSettle && m.state == Online:
		m.reply(Up, nil, Outcome{})
	}
}

func (m *machine) listenTimeout() {
	text := fmt.Sprintf("not ready within listen_timeout (%v)", m.spec.ListenTimeout.Std())
	if m.spec.OnListenTimeout == "fail" {
		m.beginStop("not ready", text)
		m.counts, m.unready = false, true
		return
	}
	m.notReady = true
	m.online(text + ", taken as online")
}

func (m *machine) exited(ev exited) {
	pid := m.pid
	m.pid, m.lastExit, m.lastEnd = 0, &ev.exit, ev.exit.String()
	if m.state == Stopping {
		m.noteExit(pid, ev.exit.String())
		m.do(sweep{m.gen, m.killed})
		return
	}
	m.disarmLaunch()
	if m.candidate != nil {
		m.noteExit(pid, ev.exit.String()+" while its replacement was on trial")
		m.succeed()
		return
	}
	m.ended(ending{exit: ev.exit, pid: pid, lived: m.now.Sub(m.launchedAt)}, ev.exit.String())
}

// ended applies the restart policy to a launch that nobody asked to end.
func (m *machine) ended(e ending, how string) {
	wasReady := m.state == Online
	m.pid = 0
	lived := m.now.Sub(m.launchedAt).Truncate(time.Millisecond)
	if !e.failed {
		how += " after " + lived.String()
	}
	m.noteExit(e.pid, how)
	var delay time.Duration
	m.state, delay, m.counters = judge(m.spec, m.counters, e)
	fate := "is being started again"
	switch m.state {
	case Stopped:
		fate = "stays stopped"
		m.want = Down
		m.note("stopped", "")
	case Errored:
		fate = fmt.Sprintf("errored after %d unstable exits", m.Unstable)
		m.want = Down
		m.note("errored", fmt.Sprintf("%d unstable exits in a row (max_restarts %d, min_uptime %v)",
			m.Unstable, m.spec.MaxRestarts, m.spec.MinUptime.Std()))
	case Waiting:
		if delay > 0 {
			fate = "is started again in " + delay.String()
		}
	}
	o := Outcome{Err: how + "; " + fate, Died: true}
	if !e.failed && (e.exit == (proc.Exit{}) || endsApp(m.spec, e.exit)) && (wasReady || !m.spec.WaitReady) {
		// A clean end is no failure: a job that is done, by code 0 or by one of
		// stop_exit_codes, or a restart policy that wants it again.
		o = Outcome{}
		if m.state != Stopped {
			o.Warnings = []string{how + "; " + fate}
		}
	}
	m.reply(Up, nil, o)
	if m.state != Waiting {
		return
	}
	if delay > 0 {
		m.delay, m.due = delay, m.now.Add(delay)
		m.note("waiting restart", "in "+delay.String())
		m.do(arm{m.gen, timerRestart, delay})
		return
	}
	m.restarts++
	m.launch("autorestart")
}
