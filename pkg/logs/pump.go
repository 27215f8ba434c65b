package logs

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// firstPause and lastPause bound the pauses of recheck.
const (
	firstPause = time.Millisecond
	lastPause  = time.Second
)

// turn works on what is in the pipe, up to a bound that leaves the others their
// share. An edge is told once, so it goes on until the pipe is empty, holds only
// a line without an end, or the files are not to be had: then an alarm, a sink
// or the next edge brings the next turn.
func (in *Intake) turn() {
	if in.ended || in.waits() {
		return
	}
	step := in.step
	if len(in.outlets) == 0 {
		step = in.drop
	}
	for i := range in.outlets {
		in.outlets[i].sink.end = unknown // others may write to it too
	}
	for range chunksPerTurn {
		if !step() {
			return
		}
	}
	in.loop.enqueue(in)
}

// waits reports whether no file of the intake is to be had.
func (in *Intake) waits() bool {
	for i := range in.outlets {
		if !in.outlets[i].waiting {
			return false
		}
	}
	return len(in.outlets) > 0
}

// step moves one chunk and reports whether there may be more: peek, format,
// write to each file, consume what all of them have. It is the only place where
// bytes leave a pipe for files.
func (in *Intake) step() bool {
	l := in.loop
	data, err := l.tap.peek(in.fd)
	if err != nil {
		in.empty(err)
		return false
	}
	in.packets = in.packets || l.tap.packets
	if len(data) > chunkSize-page && !in.wide {
		// Where the kernel refuses, the pipe stays as it is.
		in.wide = true
		_, _ = unix.FcntlInt(uintptr(in.fd), unix.F_SETPIPE_SZ, floodPipe)
	}
	now := time.Now()
	more, taken := false, len(data)
	for i := range in.outlets {
		o := &in.outlets[i]
		if o.put(data, now) {
			more = true
		}
		taken = min(taken, o.ahead)
	}
	if taken > 0 {
		if err := in.take(data, taken); err != nil {
			in.fail(err)
			return false
		}
		more = true // also what was ahead of a killed process: no event tells of bytes behind it
	}
	return more && !in.queued // queued: others come first
}

// take takes the first n bytes of data out of the pipe: all outlets have them.
func (in *Intake) take(data []byte, n int) error {
	l, slot := in.loop, in.outlets[0].slot
	blind := in.packets || n < len(data) && len(data) <= page && l.tap.packet(in.fd)
	slot.take(in.taken+int64(n), data[n-1], blind)
	var err error
	if blind {
		err = l.tap.discard(in.fd, n)
	} else {
		err = l.take(in.fd, n, slot.last[:])
	}
	if err != nil {
		return err
	}
	slot.taken.Store(in.taken + int64(n))
	for i := range in.outlets {
		in.outlets[i].ahead -= n
	}
	in.took(n)
	return nil
}

// stuck reports whether the pipe consists of so many small pieces that a peek
// can't reach its end. Bytes that a writer merely added meanwhile show in a
// second peek.
func (in *Intake) stuck(data []byte) bool {
	n, err := unread(in.fd)
	if err != nil || n <= len(data) {
		return false
	}
	again, err := in.loop.tap.peek(in.fd)
	return err == nil && len(again) == len(data)
}

// last reports whether data ends with the last byte that matters now: nobody
// can write any more, or a Sync waits for what there is.
func (in *Intake) last(data []byte) bool {
	if !in.hung && len(in.barriers) == 0 {
		return false
	}
	n, err := unread(in.fd)
	return err == nil && n <= len(data)
}

// recheck looks again at a pipe that holds a line without an end, after pauses
// that grow. No event tells of a write that finds the pipe not empty, fills it,
// and waits there to go on (pipe_write in the kernel wakes readers at its end).
func (in *Intake) recheck() {
	if in.ended || in.queued {
		return
	}
	in.pause = min(2*in.pause, lastPause)
	if n, err := unread(in.fd); err == nil && n == in.seen && in.object != nil {
		in.loop.arm(&in.alarm, in.pause, in.recheck)
		return
	}
	in.turn()
}

// drop throws away what is in the pipe.
func (in *Intake) drop() bool {
	n, err := in.loop.tap.drop(in.fd, chunkSize)
	if err != nil {
		in.empty(err)
		return false
	}
	in.took(n)
	return true
}

// took counts bytes that have left the pipe and answers who waited for them.
func (in *Intake) took(n int) {
	in.taken += int64(n)
	for len(in.barriers) > 0 && in.barriers[0].taken <= in.taken {
		in.barriers[0].reply <- nil
		in.barriers = in.barriers[1:]
	}
	if len(in.barriers) == 0 {
		in.barriers = nil
	}
}

// empty handles a pipe from which nothing came.
func (in *Intake) empty(err error) {
	if errors.Is(err, unix.EAGAIN) {
		return
	}
	if !errors.Is(err, io.EOF) {
		in.fail(err)
		return
	}
	held := false
	for i := range in.outlets {
		if o := &in.outlets[i]; o.finish() != nil {
			o.sink.hold(o) // comes back here when the file can be written
			held = true
		}
	}
	if !held {
		in.end(nil)
	}
}

// fail ends an intake that can't be read: going on could only lose or repeat.
func (in *Intake) fail(err error) {
	in.loop.log.Error("output is no longer read", "source", in.name, "err", err)
	in.end(err)
}
