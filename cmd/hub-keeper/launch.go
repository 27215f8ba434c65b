package main

import (
	"bytes"
	"unsafe"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// launch is what we hold of one: a keeper.Held whose memory is used again for
// another launch.
type launch struct {
	key          []byte
	files        []keeper.File
	pid          int
	reaped       bool
	read, unsent []byte
	exit         keeper.Exit // Report is 0 as long as it has not ended
	told         bool        // this daemon has been told of exit
}

func newLaunch(h *keeper.Held) *launch {
	l := &launch{
		key: []byte(h.Key), files: h.Files, pid: h.PID, reaped: h.Reaped, read: h.Read, unsent: h.Unsent,
	}
	if h.Exit != nil {
		l.exit = *h.Exit
	}
	return l
}

// entry shares our memory.
func (l *launch) entry() keeper.Held {
	h := keeper.Held{
		Key: unsafe.String(unsafe.SliceData(l.key), len(l.key)), Files: l.files, PID: l.pid, Reaped: l.reaped, Read: l.read, Unsent: l.unsent,
	}
	if l.ended() {
		h.Exit = &l.exit
	}
	return h
}

// clear makes it ready for another launch. Files must be closed.
func (l *launch) clear() { *l = launch{key: l.key[:0], files: l.files[:0]} }

// ended says that its main process has, and that this is not yet on record.
func (l *launch) ended() bool { return l.exit.Report != 0 }

// isLaunch tells one from what else is held, whose key has no generation.
func (l *launch) isLaunch() bool { return bytes.IndexByte(l.key, ':') >= 0 }

func (l *launch) drop(name string) {
	for i, f := range l.files {
		if f.Name == name {
			_ = unix.Close(f.FD)
			l.files = append(l.files[:i], l.files[i+1:]...)
			return
		}
	}
}

func (l *launch) closeAll() {
	for _, f := range l.files {
		_ = unix.Close(f.FD)
	}
	l.files = l.files[:0]
}

// isAnother says that its process is not a child of ours that has ended.
func (l *launch) isAnother() bool {
	for _, f := range l.files {
		if f.Name == keeper.PidFD {
			return !isZombie(f.FD)
		}
	}
	return false
}
