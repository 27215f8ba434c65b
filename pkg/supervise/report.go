package supervise

import (
	"log/slog"
	"time"
)

// stderrLines is how many lines of stderr the answer to a failed start shows.
const stderrLines = 10

// answer tells a waiter the outcome. The last words of an app are waited for
// beside, since the disk may be slow.
func (i *Instance) answer(e answer) {
	e.outcome.Status = i.Status()
	l := i.launch
	if e.outcome.gen != 0 {
		l = i.find(e.outcome.gen)
	}
	switch {
	case l == nil || l.stderr == nil || e.to.goal == Up && !e.outcome.Died:
		e.to.done <- e.outcome
	case e.outcome.Died:
		go func() {
			e.outcome.Stderr = l.lastWords(stderrLines)
			e.to.done <- e.outcome
		}()
	default:
		go func() { // whoever stops an app may read its last words next
			_ = l.settle() // a full disk is said elsewhere
			e.to.done <- e.outcome
		}()
	}
}

// note adds a line to the history, the log and the event stream.
func (i *Instance) note(n note) {
	m, ev := i.machine, i.event(n)
	if len(i.history) == historyLength {
		i.history = append(i.history[:0:0], i.history[1:]...)
	}
	i.history = append(i.history, ev)
	level := slog.LevelInfo
	if n.kind == "warning" || n.kind == "errored" || n.kind == "kill timeout" || n.kind == "reload failed" {
		level = slog.LevelWarn
	}
	attrs := []any{"app", m.spec.Name, "id", i.ID}
	if ev.PID != 0 {
		attrs = append(attrs, "pid", ev.PID)
	}
	if n.reason != "" {
		attrs = append(attrs, "reason", n.reason)
	}
	i.sup.Log.Log(i.sup.ctx, level, n.kind, attrs...)
	// Seen in the history before it is heard of: who subscribes and then reads
	// the history misses nothing.
	i.publish()
	i.sup.bus.publish(ev)
}

// event makes an event of now.
func (i *Instance) event(n note) Event {
	m := i.machine
	pid := n.pid
	if pid == 0 {
		pid = m.pid
	}
	return Event{
		Time: time.Now(), UUID: i.UUID, ID: i.ID, Name: m.spec.Name, Instance: i.Number,
		Kind: n.kind, State: m.state, PID: pid, Reason: n.reason,
	}
}

// publish makes the state visible to readers.
func (i *Instance) publish() {
	m := i.machine
	s := &Status{
		UUID: i.UUID, ID: i.ID, Instance: i.Number, Spec: m.spec, Want: m.want, State: m.state,
		Generation: m.gen, PID: m.pid, LaunchedAt: m.launchedAt, CreatedAt: m.createdAt,
		latest: m.latest(), Restarts: m.restarts, Unstable: m.Unstable, Delay: m.delay, NotReady: m.notReady,
		LastExit: m.lastExit, LastEnd: m.lastEnd, Events: i.history,
	}
	if l := i.find(m.gen); l != nil {
		s.Command, s.AppStatus, s.started = l.command, l.appStatus, l.main.start
		if len(i.others) > 0 {
			s.rivals = i.rivals(l)
		}
	}
	i.status.Store(s)
}

func (i *Instance) logError(what string, err error) {
	i.sup.Log.Error(what, "app", i.machine.spec.Name, "id", i.ID, "error", err)
}
