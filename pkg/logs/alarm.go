package logs

import "time"

// alarm calls a function on the loop's goroutine after a time. It costs nothing
// until it is first armed.
type alarm struct {
	timer *time.Timer
	armed bool // the loop's goroutine only
}

// arm sets a to call f after d, unless it is armed already; f decides anew what
// is due, so an early call does no harm. f is the same in every call.
func (l *Loop) arm(a *alarm, d time.Duration, f func()) {
	if a.armed {
		return
	}
	a.armed = true
	if a.timer != nil {
		a.timer.Reset(d)
		return
	}
	fire := func() { a.armed = false; f() }
	a.timer = time.AfterFunc(d, func() { l.loop.Post(fire) })
}

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}
