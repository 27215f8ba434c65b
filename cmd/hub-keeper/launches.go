package main

import (
	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// launches is what we hold. There may be a few thousand; each is looked for by
// going through all, which takes microseconds and no memory.
type launches struct {
	held   []*launch
	strays []*stray
	next   uint64 // number of the next report
}

type launch struct {
	keeper.Held
	told bool // this daemon has been told of Exit
}

// stray is a child of ours that has ended and may be a launch in the air.
type stray struct {
	keeper.Stray
	told bool
}

// newLaunches takes over a table. What it reports is told again.
func newLaunches(t *keeper.Table) launches {
	l := launches{next: max(t.NextReport, 1)}
	for _, s := range t.Strays {
		l.strays = append(l.strays, &stray{Stray: s})
	}
	for _, h := range t.Held {
		l.held = append(l.held, &launch{Held: h})
		if h.Exit != nil {
			l.next = max(l.next, h.Exit.Report+1)
		}
	}
	return l
}

// tell returns a copy for a table; whoever reads it has been told everything.
func (l *launches) tell() (held []keeper.Held, strays []keeper.Stray) {
	for _, h := range l.held {
		h.told = true
		held = append(held, h.Held)
	}
	for _, s := range l.strays {
		s.told = true
		strays = append(strays, s.Stray)
	}
	return held, strays
}

// tellAgain is for a reader who may have forgotten.
func (l *launches) tellAgain() {
	for _, h := range l.held {
		h.told = false
	}
	for _, s := range l.strays {
		s.told = false
	}
}

// forgetBytes forgets what was under way on channels when their daemon became the
// keeper: the next one has it, and a second one would read and write it again.
func (l *launches) forgetBytes() {
	for _, h := range l.held {
		h.Read, h.Unsent = nil, nil
	}
}

func (l *launches) find(key string) *launch {
	for _, h := range l.held {
		if h.Key == key {
			return h
		}
	}
	return nil
}

func (l *launches) findOrAdd(key string) *launch {
	h := l.find(key)
	if h == nil {
		h = &launch{Held: keeper.Held{Key: key}}
		l.held = append(l.held, h)
	}
	return h
}

// hold takes the descriptors over.
func (l *launches) hold(key string, names []string, fds []int) {
	h := l.findOrAdd(key)
	for i, fd := range fds {
		if i >= len(names) {
			_ = unix.Close(fd)
			continue
		}
		h.drop(names[i])
		h.Files = append(h.Files, keeper.File{Name: names[i], FD: fd})
	}
}

// forked notes a launch's process. It may be a stray by now.
func (l *launches) forked(key string, pid int, names []string, fds []int) {
	l.hold(key, names, fds)
	h := l.find(key)
	h.PID, h.Reaped = pid, false
	for i, s := range l.strays {
		if s.PID == pid {
			l.strays = append(l.strays[:i:i], l.strays[i+1:]...)
			l.exited(h, s.Status)
			break
		}
	}
	l.forgetStrays()
}

func (l *launches) exited(h *launch, status uint32) {
	h.Exit, h.told = &keeper.Exit{Report: l.next, Status: status}, false
	l.next++
}

// reaped closes a launch's end: it is on record.
func (l *launches) reaped(h *launch) {
	h.PID, h.Exit, h.Reaped = 0, nil, true
	h.drop(keeper.PidFD)
	l.forgetIfEmpty(h)
}

// recorded is told of a report that is on record.
func (l *launches) recorded(report uint64) {
	for _, h := range l.held {
		if h.Exit != nil && h.Exit.Report == report {
			l.reaped(h)
			return
		}
	}
}

// release closes files, all of them if no names are given.
func (l *launches) release(h *launch, names []string) {
	if len(names) == 0 {
		for _, f := range h.Files {
			_ = unix.Close(f.FD)
		}
		h.Held = keeper.Held{Key: h.Key, Reaped: true}
	}
	for _, name := range names {
		h.drop(name)
	}
	l.forgetIfEmpty(h)
}

// forgetIfEmpty forgets a launch of which nothing is held and nothing awaited.
func (l *launches) forgetIfEmpty(h *launch) {
	if len(h.Files) > 0 || !h.Reaped && h.Key != keeper.APIKey {
		return
	}
	for i := range l.held {
		if l.held[i] == h {
			l.held = append(l.held[:i], l.held[i+1:]...)
			break
		}
	}
	l.forgetStrays()
}

func (h *launch) drop(name string) {
	for i, f := range h.Files {
		if f.Name == name {
			_ = unix.Close(f.FD)
			h.Files = append(h.Files[:i:i], h.Files[i+1:]...)
			return
		}
	}
}

// of returns the launch whose main process this child of ours is. A pid alone
// may have been used again since the daemon reaped the process and died before
// it could say so; a pidfd can't be mistaken.
func (l *launches) of(pid int) *launch {
	for _, h := range l.held {
		if h.PID == pid && h.Exit == nil && !h.isAnother() {
			return h
		}
	}
	return nil
}

// isAnother says that the launch's process is not a child of ours that has ended.
func (h *launch) isAnother() bool {
	for _, f := range h.Files {
		if f.Name == keeper.PidFD {
			return !isZombie(f.FD)
		}
	}
	return false
}

// any says that there is a launch among what is held.
func (l *launches) any() bool {
	for _, h := range l.held {
		if h.Key != keeper.APIKey {
			return true
		}
	}
	return false
}

// inAir says that a launch may have been forked without our knowing its pid.
func (l *launches) inAir() bool {
	for _, h := range l.held {
		if h.PID == 0 && !h.Reaped && h.Key != keeper.APIKey {
			return true
		}
	}
	return false
}

// maxStrays bounds what orphans can cost while a launch is in the air.
const maxStrays = 256

func (l *launches) addStray(s keeper.Stray) {
	if len(l.strays) == maxStrays {
		l.strays = append(l.strays[:0], l.strays[1:]...)
	}
	l.strays = append(l.strays, &stray{Stray: s})
}

// forgetStrays forgets who can't be a launch any more.
func (l *launches) forgetStrays() {
	if len(l.strays) > 0 && !l.inAir() {
		l.strays = nil
	}
}
