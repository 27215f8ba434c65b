package main

import (
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// unanswered is how many requests in a row a hung daemon leaves unanswered. They
// are counted, not the time: after a machine's sleep a daemon has its chance.
const unanswered = 3

// health is what we know of a daemon's.
type health struct {
	next    time.Time // of the next request
	open    int       // requests in a row without an answer
	aborted bool
}

// after is a time from now, but no later than what is planned: an answer does
// not put requests off.
func (h health) after(d time.Duration) time.Time {
	next := time.Now().Add(d)
	if !h.next.IsZero() && h.next.Before(next) {
		return h.next
	}
	return next
}

// checkHealth asks the daemon for a sign of life, also while it takes over: it can
// give one before it answers its clients. One that hangs gets SIGABRT, upon which it
// writes its stacks into its log, then SIGKILL.
func (p *parent) checkHealth(now time.Time) {
	d := &p.daemon
	if d.pid == 0 || now.Before(d.health.next) {
		return
	}
	d.health.next = now.Add(p.health)
	switch {
	case d.health.aborted:
		say(levelError, "the daemon hangs and does not end by SIGABRT: killing it", "pid", text(d.pid))
		_ = unix.Kill(d.pid, syscall.SIGKILL)
	case d.health.open >= unanswered:
		say(levelError, "the daemon hangs: ending it by SIGABRT, another takes over", "pid", text(d.pid),
			"unanswered", text(d.health.open))
		_ = unix.Kill(d.pid, syscall.SIGABRT)
		d.health.aborted = true
	default:
		d.health.open++
		if d.socket >= 0 {
			_ = p.send(&keeper.Message{Kind: keeper.KindAlive}) // a full socket: it does not read, so it does not answer
		}
	}
}
