package supervise

import (
	"cmp"
	"time"
)

// Join parts instances for whoever asks again for a start, a restart or a reload,
// since a daemon has died over it. Those that were brought up since then are not
// touched: their outcomes are what becomes of the launch that is under way. The
// others are left to be brought up. The zero time leaves all.
func Join(list []*Instance, since time.Time) (pending []*Pending, others []*Instance) {
	for _, i := range list {
		if i.Status().broughtUp(since) {
			pending = append(pending, i.join())
		} else {
			others = append(others, i)
		}
	}
	return pending, others
}

// broughtUp reports whether a command has brought the instance up at that time or
// later, or is about to. A launch alone is no sign of it: the restart policy
// launches too, and takes no new spec.
func (s *Status) broughtUp(since time.Time) bool {
	switch {
	case since.IsZero() || s.CreatedAt.Before(since):
		return false
	case s.State == Stopping && s.Want == Up:
		return true
	}
	return !s.LaunchedAt.Before(since)
}

// done reports whether the request has been carried out on an instance. Where
// that has got another spec since then, it was not this request.
func (r *Request) done(st *Status) bool {
	return st.broughtUp(r.Since) && len(st.latest.Changes(r.Spec)) == 0
}

// join waits for what is under way. It is no command that a reload which is under
// way would have to give way to.
func (i *Instance) join() *Pending { return i.order(command{verb: verbJoin}) }

// join changes nothing but who waits.
func (m *machine) join(w *waiter) {
	settled := m.launchedAt.Add(m.settling())
	switch {
	case w == nil:
	case m.state == Launching, m.state == Stopping && m.want == Up:
		m.wait(w)
	case m.state == Stopping:
		m.answer(w, Outcome{Err: "it is being stopped"})
	case m.state == Online && len(m.outgoing) > 0:
		w.goal = Replaced
		m.await(w, m.gen)
	case m.state == Online && w.settle && settled.After(m.now):
		m.wait(w)
		m.do(arm{m.gen, timerSettle, settled.Sub(m.now)})
	case m.state == Online && m.notReady:
		m.answer(w, Outcome{Warnings: []string{"not ready within listen_timeout, taken as online"}})
	case m.state == Online:
		m.answer(w, Outcome{})
	default:
		m.answer(w, m.missed())
	}
}

// settling is how long a start watches a process of this spec that runs.
func (m *machine) settling() time.Duration {
	if m.spec.WaitReady {
		return 0
	}
	return min(settleTime, m.spec.MinUptime.Std())
}

// missed is the outcome of a launch for who comes after its end. Whether it had
// said ready before is not known: a clean end is taken for a job that is done only
// where nothing else was to come.
func (m *machine) missed() Outcome {
	how := cmp.Or(m.lastEnd, "it has ended") + "; " + string(m.state)
	clean := m.lastExit != nil && m.lastEnd == m.lastExit.String() && endsApp(m.spec, *m.lastExit)
	switch {
	case !clean || m.spec.WaitReady || m.state == Errored:
		return Outcome{Err: how}
	case m.state == Waiting:
		return Outcome{Warnings: []string{how}}
	}
	return Outcome{}
}
