package main

import (
	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// launches is what we hold. There may be a few thousand; each is looked for by
// going through all, which takes microseconds and no memory.
type launches struct {
	held   []*launch
	free   []*launch     // forgotten; the next ones are written over them
	told   []keeper.Held // memory of tell
	strays []stray
	next   uint64 // number of the next report
}

// newLaunches takes over a table. What it reports is told again.
func newLaunches(t *keeper.Table) launches {
	l := launches{next: max(t.NextReport, 1)}
	for _, s := range t.Strays {
		l.strays = append(l.strays, stray{Stray: s})
	}
	for i := range t.Held {
		h := newLaunch(&t.Held[i])
		l.held = append(l.held, h)
		l.next = max(l.next, h.exit.Report+1)
	}
	return l
}

// tell returns what a table says; whoever reads it has been told everything. It is
// to be written before anything else happens, as it shares our memory.
func (l *launches) tell() (held []keeper.Held, strays []keeper.Stray) {
	l.told = l.told[:0]
	for _, h := range l.held {
		h.told = true
		l.told = append(l.told, h.entry())
	}
	for i := range l.strays {
		l.strays[i].told = true
		strays = append(strays, l.strays[i].Stray)
	}
	return l.told, strays
}

// tellAgain is for a reader who may have forgotten.
func (l *launches) tellAgain() {
	for _, h := range l.held {
		h.told = false
	}
	for i := range l.strays {
		l.strays[i].told = false
	}
}

// forgetBytes forgets what was under way on channels when their daemon became the
// keeper: the next one has it, and a second one would read and write it again.
func (l *launches) forgetBytes() {
	for _, h := range l.held {
		h.read, h.unsent = nil, nil
	}
}

func (l *launches) find(key []byte) *launch {
	for _, h := range l.held {
		if string(h.key) == string(key) {
			return h
		}
	}
	return nil
}

func (l *launches) findOrAdd(key []byte) *launch {
	h := l.find(key)
	if h != nil {
		return h
	}
	if last := len(l.free) - 1; last >= 0 {
		h, l.free = l.free[last], l.free[:last]
	} else {
		h = new(launch)
	}
	h.key = append(h.key, key...)
	l.held = append(l.held, h)
	return h
}

// hold takes the descriptors over.
func (l *launches) hold(key []byte, names []string, fds []int) {
	h := l.findOrAdd(key)
	for i, fd := range fds {
		if i >= len(names) {
			_ = unix.Close(fd)
			continue
		}
		h.drop(names[i])
		h.files = append(h.files, keeper.File{Name: names[i], FD: fd})
	}
}

// forked notes a launch's process. It may be a stray by now.
func (l *launches) forked(key []byte, pid int, names []string, fds []int) {
	l.hold(key, names, fds)
	h := l.find(key)
	h.pid, h.reaped = pid, false
	for i, s := range l.strays {
		if s.PID == pid {
			l.strays = append(l.strays[:i], l.strays[i+1:]...)
			l.exited(h, s.Status)
			break
		}
	}
	l.forgetStrays()
}

func (l *launches) exited(h *launch, status uint32) {
	h.exit, h.told = keeper.Exit{Report: l.next, Status: status}, false
	l.next++
}

// reaped closes a launch's end: it is on record.
func (l *launches) reaped(h *launch) {
	h.pid, h.exit, h.reaped = 0, keeper.Exit{}, true
	h.drop(keeper.PidFD)
	l.forgetIfEmpty(h)
}

// recorded is told of a report that is on record.
func (l *launches) recorded(report uint64) {
	for _, h := range l.held {
		if h.ended() && h.exit.Report == report {
			l.reaped(h)
			return
		}
	}
}

// release closes files, all of them and with them the launch if no names are
// given.
func (l *launches) release(h *launch, names []string) {
	if len(names) == 0 {
		h.closeAll()
		h.pid, h.exit, h.reaped = 0, keeper.Exit{}, true
	}
	for _, name := range names {
		h.drop(name)
	}
	l.forgetIfEmpty(h)
}

// forgetIfEmpty forgets a launch of which nothing is held and nothing awaited.
func (l *launches) forgetIfEmpty(h *launch) {
	if len(h.files) > 0 || !h.reaped && h.isLaunch() {
		return
	}
	for i := range l.held {
		if l.held[i] == h {
			l.held = append(l.held[:i], l.held[i+1:]...)
			h.clear()
			l.free = append(l.free, h)
			break
		}
	}
	l.forgetStrays()
}

// of returns the launch whose main process this child of ours is. A pid alone
// may have been used again since the daemon reaped the process and died before
// it could say so; a pidfd can't be mistaken.
func (l *launches) of(pid int) *launch {
	for _, h := range l.held {
		if h.pid == pid && !h.ended() && !h.isAnother() {
			return h
		}
	}
	return nil
}

// any says that there is a launch among what is held.
func (l *launches) any() bool {
	for _, h := range l.held {
		if h.isLaunch() {
			return true
		}
	}
	return false
}

// inAir says that a launch may have been forked without our knowing its pid.
func (l *launches) inAir() bool {
	for _, h := range l.held {
		if h.pid == 0 && !h.reaped && h.isLaunch() {
			return true
		}
	}
	return false
}
