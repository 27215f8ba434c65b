package logs

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// turn works on what is in the pipe, up to a bound that leaves the others their
// share. An edge is told once, so it goes on until the pipe is empty, holds only
// a line without an end, or the file is not to be had: then an alarm, the sink
// or the next edge brings the next turn.
func (in *Intake) turn() {
	if in.ended || in.waiting {
		return
	}
	step := in.step
	if in.sink == nil {
		step = in.drop
	}
	for range chunksPerTurn {
		if !step() {
			return
		}
	}
	in.loop.enqueue(in)
}

// step moves one chunk and reports whether there may be more: peek, format,
// write, consume. It is the only place where bytes leave a pipe for a file.
func (in *Intake) step() bool {
	l, s := in.loop, in.sink
	data, err := l.tap.peek(in.fd)
	if err != nil {
		in.empty(err)
		return false
	}
	now := time.Now()
	out, n, state := in.format(data, now)
	if n == 0 {
		in.await(now)
		return false
	}
	if !s.admit(in, now) {
		return false
	}
	if s.append(out) != nil {
		s.hold(in)
		return false
	}
	if err := l.tap.take(in.fd, n); err != nil {
		in.fail(err)
		return false
	}
	in.state, in.since = state, time.Time{}
	in.took(n)
	return s.settle(in, n, now)
}

// format turns a peeked chunk into what is written, and how many bytes of the
// chunk that is.
func (in *Intake) format(data []byte, now time.Time) ([]byte, int, lineState) {
	out, n, state := in.frame(data, now, false)
	if n == 0 && in.due(data, now) {
		return in.frame(data, now, true)
	}
	return out, n, state
}

func (in *Intake) frame(data []byte, now time.Time, tail bool) ([]byte, int, lineState) {
	l := in.loop
	l.first, l.then = l.first[:0], l.then[:0]
	if in.stamp == nil {
		if in.state != lineCut {
			return in.state.plain(data, tail)
		}
		return in.state.frame(l.out[:0], data, l.first, l.then, tail)
	}
	l.then = append(in.stamp.Append(l.then, now), ": "...)
	if in.since.IsZero() {
		return in.state.frame(l.out[:0], data, l.then, l.then, tail)
	}
	l.first = append(in.stamp.Append(l.first, in.since), ": "...)
	return in.state.frame(l.out[:0], data, l.first, l.then, tail)
}

// due reports whether a line without an end, all that the pipe holds, is to be
// written as it is.
func (in *Intake) due(data []byte, now time.Time) bool {
	if in.state == lineOpen || in.hung || len(in.barriers) > 0 || len(data) >= peekAgain {
		return true
	}
	if !in.since.IsZero() && now.Sub(in.since) >= in.loop.timing.partial {
		return true
	}
	return in.stuck(data)
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

// await leaves a line without an end in the pipe for a short time.
func (in *Intake) await(now time.Time) {
	if in.since.IsZero() {
		in.since = now
	}
	left := in.loop.timing.partial - now.Sub(in.since)
	in.loop.arm(&in.alarm, left, in.turn)
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
	switch {
	case errors.Is(err, unix.EAGAIN):
	case !errors.Is(err, io.EOF):
		in.fail(err)
	case in.state == lineOpen && in.sink.cut() != nil:
		in.sink.hold(in) // comes back here when the file can be written
	default:
		in.end(nil)
	}
}

// fail ends an intake that can't be read: going on could only lose or repeat.
func (in *Intake) fail(err error) {
	in.loop.log.Error("output is no longer read", "source", in.name, "err", err)
	in.end(err)
}
