package logs

import "time"

// outlet is one of the files that an intake writes to, and how far it is with
// it. A file that can't be written holds up only itself, until it is a chunk
// behind the others.
type outlet struct {
	in   *Intake
	sink *sink
	slot *slot // says the same in the journal
	// waiting: it stands in the sink's list.
	waiting bool
	progress
}

// progress is how far an outlet is.
type progress struct {
	state lineState
	// ahead is how many of the pipe's first bytes are in the file: they stay in
	// the pipe until every outlet has them, and are not written twice.
	ahead int
	// since is when the unfinished line was first seen, or zero.
	since time.Time
}

// put writes what it can of a peeked chunk and reports whether that was
// anything.
func (o *outlet) put(data []byte, now time.Time) bool {
	s := o.sink
	if o.waiting || o.ahead >= len(data) {
		return false
	}
	out, n, state := o.format(data, now)
	if n == 0 {
		if !o.outOfSight(data) {
			o.await(data, now)
		}
		return false
	}
	if !s.admit(o, now) {
		return false
	}
	next := progress{state: state, ahead: o.ahead + n}
	if state == lineOpen && o.in.object != nil {
		next.since = o.start(now) // an object's stamp is at its end
	}
	if s.append(o, out, next, now) != nil {
		s.hold(o)
		return false
	}
	s.settle(o, len(out), now)
	return true
}

// mark is what the journal says of the outlet at p, when the file has a size.
func (o *outlet) mark(p progress, size int64) mark {
	m := mark{size: size, at: o.in.taken + int64(p.ahead), since: nanoseconds(p.since), state: p.state}
	if p.state == lineOpen {
		m.length = int32(o.sink.open(o))
	}
	return m
}

// format turns what this outlet has not written of a peeked chunk into what is
// written, and how many bytes of the chunk that is.
func (o *outlet) format(data []byte, now time.Time) ([]byte, int, lineState) {
	rest := data[o.ahead:]
	out, n, state := o.frame(rest, now, cutNowhere)
	if n > 0 || !o.due(data, now) {
		return out, n, state
	}
	// due may have peeked again: data is the same, and perhaps there is more.
	if o.in.object != nil && !o.in.last(data) {
		return o.frame(rest, now, cutBetweenRunes)
	}
	return o.frame(rest, now, cutAnywhere)
}

// frame dresses lines for the file. All that it appends to is the loop's.
func (o *outlet) frame(data []byte, now time.Time, cut cut) ([]byte, int, lineState) {
	in, l := o.in, o.in.loop
	l.first, l.then = l.first[:0], l.then[:0]
	switch {
	case in.object != nil:
		l.then = in.closing(l.then, now)
		l.first = in.closing(l.first, o.start(now))
		return o.state.objects(l.out[:0], data, l.first, l.then, cut)
	case in.stamp == nil && o.state != lineCut:
		return o.state.plain(data, cut != cutNowhere)
	case in.stamp == nil:
		return o.state.frame(l.out[:0], data, l.first, l.then, cut != cutNowhere)
	}
	l.then = append(in.stamp.Append(l.then, now), ": "...)
	if o.since.IsZero() {
		return o.state.frame(l.out[:0], data, l.then, l.then, cut != cutNowhere)
	}
	l.first = append(in.stamp.Append(l.first, o.since), ": "...)
	return o.state.frame(l.out[:0], data, l.first, l.then, cut != cutNowhere)
}

// start is when the first line of what is not written was first seen.
func (o *outlet) start(now time.Time) time.Time {
	if o.since.IsZero() {
		return now
	}
	return o.since
}

// ending is what ends the outlet's open line.
func (o *outlet) ending() []byte {
	in, l := o.in, o.in.loop
	if in.object == nil {
		return newline
	}
	l.first = in.closing(l.first[:0], o.since)
	return l.first
}

// finish writes what is still to be written behind the outlet's last byte: the
// end of an open line, and what is left of a write that was cut short.
func (o *outlet) finish() error {
	if o.state == lineOpen {
		return o.sink.cut()
	}
	if len(o.sink.rest) > 0 {
		return o.sink.flush()
	}
	return nil
}

// due reports whether a line without an end, all that the outlet has not
// written of data, is to be written as it is.
func (o *outlet) due(data []byte, now time.Time) bool {
	in, rest := o.in, len(data)-o.ahead
	switch {
	case in.hung || len(in.barriers) > 0:
		return true
	case o.outOfSight(data):
		return false
	case in.object != nil:
		// An object has an end as soon as its line has: it is not begun before,
		// unless the line is long.
		return rest >= objectPiece || in.stuck(data)
	case o.state == lineOpen || rest >= peekAgain:
		return true
	case !o.since.IsZero() && now.Sub(o.since) >= in.loop.timing.partial:
		return true
	}
	return in.stuck(data)
}

// outOfSight reports whether the end of the line may be in the pipe, behind what
// the other outlet has not written yet: that one brings the next turn.
func (o *outlet) outOfSight(data []byte) bool { return o.ahead > 0 && len(data) == chunkSize }

// await leaves a line without an end in the pipe: a raw one for a short time.
func (o *outlet) await(data []byte, now time.Time) {
	if o.since.IsZero() {
		o.since = now
	}
	in := o.in
	if in.seen != len(data) {
		in.seen, in.pause = len(data), firstPause
	}
	pause := in.pause
	if in.object == nil {
		pause = min(pause, in.loop.timing.partial-now.Sub(o.since))
	}
	in.loop.arm(&in.alarm, pause, in.recheck)
}
