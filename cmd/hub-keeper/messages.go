package main

import (
	"errors"
	"io"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// read handles what the daemon has sent. A dead one's messages are all there.
func (p *parent) read() {
	for p.daemon.socket >= 0 {
		m, fds, err := p.receiver.Receive(p.daemon.socket)
		switch {
		case err == nil:
			p.handle(m, fds)
		case errors.Is(err, keeper.ErrMalformed):
			say(levelWarn, "the daemon has sent what is no message")
		case errors.Is(err, io.EOF):
			// Not before: to a daemon that lives it would say that we are dead.
			_ = unix.Close(p.daemon.socket)
			p.daemon.socket = -1
			return
		default: // EAGAIN: that was all
			return
		}
	}
}

// handle takes the descriptors over. What a later daemon may say is skipped.
func (p *parent) handle(m keeper.Message, fds []int) {
	if len(fds) < len(m.Names) && (m.Kind == keeper.KindHold || m.Kind == keeper.KindForked) {
		say(levelWarn, "no room for all descriptors of a launch: raise the limit of open files (ulimit -n)", "launch", string(m.Key))
	}
	switch m.Kind {
	case keeper.KindHold:
		p.launches.hold(m.Key, m.Names, fds)
		return
	case keeper.KindForked:
		if m.PID > 0 {
			p.launches.forked(m.Key, m.PID, m.Names, fds)
			return
		}
	case keeper.KindReaped:
		if h := p.launches.find(m.Key); h != nil {
			p.launches.reaped(h)
		}
	case keeper.KindRecorded:
		p.launches.recorded(m.Report)
	case keeper.KindRelease:
		if h := p.launches.find(m.Key); h != nil {
			p.launches.release(h, m.Names)
		}
	case keeper.KindHealthy:
		p.daemon.health.open = 0
		p.pages.GiveBack() // mostly nothing else is done until the next request
	case keeper.KindAnswered:
		p.answers()
	case keeper.KindProgram:
		p.replace(m.Hubd, m.Program)
	case keeper.KindRenew:
		p.renewal = true
	case keeper.KindBegun:
		p.begun = true
	case keeper.KindDetached:
		p.detached = true
	case keeper.KindEnviron:
		p.joinUnit(m.Environ)
	case keeper.KindEnd:
		p.daemon.ending = true
	}
	keeper.CloseAll(fds)
}

// answers is called when a daemon can do its work, also after it has executed a
// new program in its place: that one knows nothing of reports which the old one
// had read and not recorded, so they are told again.
func (p *parent) answers() {
	p.answered = true
	p.daemon.serving = true
	p.proven = p.hubd
	p.daemon.health = health{next: p.daemon.health.after(p.health)}
	keeper.CloseAll([]int{p.ready})
	p.ready = -1
	p.watchdog.By(time.Now().Add(afterReload))
	p.launches.tellAgain()
	p.launches.forgetBytes()
	p.pages.GiveBack() // to start a daemon takes many
	if p.stop != 0 && p.daemon.pid > 0 {
		_ = unix.Kill(p.daemon.pid, p.stop)
	}
}

func (p *parent) replace(hubd, program string) {
	if hubd != "" {
		p.hubd = hubd
	}
	if program != "" {
		p.program = program
	}
}

// report tells the daemon of ends that it has not heard of. It never waits: what
// the socket does not take is told when there is room, or stands in the table of
// the next daemon.
func (p *parent) report() {
	p.daemon.full = false
	for _, h := range p.launches.held {
		if h.ended() && !h.told {
			h.told = p.tell(&keeper.Message{
				Kind: keeper.KindExited, Key: h.key, PID: h.pid, Report: h.exit.Report, Status: h.exit.Status,
			})
		}
	}
	for i := range p.launches.strays {
		if s := &p.launches.strays[i]; !s.told {
			s.told = p.tell(&keeper.Message{
				Kind: keeper.KindStray, PID: s.PID, Session: s.Session, Start: s.Start, Status: s.Status,
			})
		}
	}
}

// tell reports whether the message is on its way.
func (p *parent) tell(m *keeper.Message) bool {
	d := &p.daemon
	if d.socket < 0 || d.full {
		return false
	}
	err := p.send(m)
	d.full = errors.Is(err, unix.EAGAIN)
	return err == nil
}

func (p *parent) send(m *keeper.Message) error {
	p.sent = m.Append(p.sent[:0])
	return keeper.Send(p.daemon.socket, p.sent)
}
