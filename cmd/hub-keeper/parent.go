package main

import (
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/pages"
	"github.com/leadmaster/hub/pkg/unit"
	"golang.org/x/sys/unix"
)

// parent is the daemon's parent. Everything is done by its loop, so nothing
// needs a lock, and between two rounds no message and no status is in hand.
//
// What happens to a launch leaves no garbage, so that Go never collects: the first
// collection costs half a MiB for good.
type parent struct {
	options
	hubd, program string
	proven        string // the last hubd that has answered; "" for none
	args          []string
	lock, ready   int  // descriptors that each daemon inherits, or -1
	answered      bool // some daemon has answered
	stop          syscall.Signal
	daemon        daemon
	launches      launches
	signals       *signals
	watchdog      *unit.Watchdog // systemd's
	begun         bool           // what is to be started at the start was launched
	stepDown      bool           // end as soon as a daemon can take our place
	leaveBy       time.Time      // when to end without the answer to KindLeaves; zero: not asked yet
	detached      bool           // that answer has come
	receiver      keeper.Receiver
	renewal       bool // asked for
	polled        [3]unix.PollFd
	sent          []byte // the last message, as it was encoded
	pages         pages.Program
	over          bool
	code          int // exit code, once over
}

// newParent takes over what stands in the table, a living daemon too.
func newParent(o options, t *keeper.Table, s *signals) *parent {
	p := &parent{
		options: o, hubd: t.Hubd, program: t.Program, args: t.Args, lock: t.Lock, ready: t.Ready,
		answered: t.Answered, stop: syscall.Signal(t.Stop), launches: newLaunches(t), signals: s,
		watchdog: unit.NewWatchdog(unit.FromEnvironment()),
	}
	if t.Answered {
		p.proven, p.begun = t.Hubd, true
	}
	p.daemon = daemon{pid: t.Daemon, pidfd: -1, socket: t.Socket, serving: t.Serving, ending: t.Ending}
	if t.Daemon > 0 {
		p.daemon.pidfd = pidfdOf(t.Daemon)
		p.daemon.health.next = time.Now().Add(p.health)
	} else {
		p.daemon.closeAll()
	}
	return p
}

// serve returns the exit code.
func (p *parent) serve() int {
	p.reap() // what has ended while another program was in our place
	for !p.over {
		now := time.Now()
		if p.daemon.pid == 0 && !now.Before(p.daemon.startAt) {
			p.start()
			if p.over {
				break
			}
		}
		p.report()
		p.wait()
		p.read() // before signals: SIGUSR2 means another thing once KindBegun was sent
		p.takeSignals()
		p.reap()
		p.checkHealth(time.Now())
		p.watchdog.Feed(time.Now())
		if p.renewal && !p.over {
			p.renew()
		}
		if p.stepDown && p.daemon.serving && !p.daemon.ending {
			p.leaveUnit(time.Now())
		}
	}
	return p.code
}

func (p *parent) end(code int) { p.over, p.code = true, code }

// wait sleeps until something has happened or is due.
func (p *parent) wait() {
	d := &p.daemon
	fds := p.polled[:]
	fds[0] = unix.PollFd{Fd: int32(p.signals.wake), Events: unix.POLLIN}
	fds[1], fds[2] = unix.PollFd{Fd: -1}, unix.PollFd{Fd: -1}
	if d.pid > 0 {
		fds[1] = unix.PollFd{Fd: int32(d.pidfd), Events: unix.POLLIN} // -1: SIGCHLD tells
		fds[2] = unix.PollFd{Fd: int32(d.socket), Events: unix.POLLIN}
		if d.full {
			fds[2].Events |= unix.POLLOUT
		}
	}
	timeout := int(max(0, time.Until(p.due())+time.Millisecond-1) / time.Millisecond)
	if n, _ := unix.Poll(fds, timeout); n > 0 && fds[0].Revents != 0 {
		p.signals.quiet()
	}
}

// due is when the loop has to wake up by itself.
func (p *parent) due() time.Time {
	due := p.daemon.health.next
	if p.daemon.pid == 0 {
		due = p.daemon.startAt
	}
	if at, ok := p.watchdog.Due(); ok && at.Before(due) {
		due = at
	}
	if !p.leaveBy.IsZero() && p.leaveBy.Before(due) {
		due = p.leaveBy
	}
	return due
}

// takeSignals passes on what is to end us: the daemon ends all apps and says so.
func (p *parent) takeSignals() {
	for {
		select {
		case s := <-p.signals.stops:
			p.askToEnd(s.(syscall.Signal))
		default:
			return
		}
	}
}

// askToEnd passes the signal on. A daemon that does not answer yet may not catch it
// and would leave the apps behind: it is told when it answers, or at the second
// request. SIGUSR2 is for us alone: a daemon that answers becomes the next keeper.
func (p *parent) askToEnd(s syscall.Signal) {
	if s == unix.SIGUSR2 {
		if p.begun {
			p.stepDown = true
			return
		}
		s = unix.SIGTERM // systemd asks nobody else to end a unit that is still starting
	}
	again := p.stop != 0
	p.stop = s
	switch {
	case p.daemon.pid == 0:
		say(levelWarn, "asked to end while no daemon could be started: apps that run stay", "signal", unix.SignalName(s))
		p.end(1)
	case p.daemon.serving || again || p.isFirst():
		_ = unix.Kill(p.daemon.pid, s) // it is our child and not yet reaped
	}
}
