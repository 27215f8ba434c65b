package logs

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Adopted says that all sources with pipes of an earlier process have been
// added. What the journal says of other pipes is forgotten; files that wait for
// those, because there is an open line or half a write in them, are written to
// from then on. It must be called once where the journal may be an earlier
// process's, also if nothing was adopted.
func (l *Loop) Adopted(ctx context.Context) error {
	err := l.call(ctx, func() {
		l.journal.forget()
		for _, s := range l.sinks {
			s.settleTail()
		}
	})
	if err != nil {
		return fmt.Errorf("logs: %w", err)
	}
	return nil
}

// claim finds the intake's slots: those of an earlier process that has read the
// same pipe, or new ones.
func (in *Intake) claim() {
	j := in.loop.journal
	first := len(in.outlets) > 0 && j.left[claim{in.pipe, 0}] != nil
	for i := range in.outlets {
		o, key := &in.outlets[i], claim{in.pipe, i}
		if o.slot = j.claim(key); o.slot == nil {
			o.slot = j.allot(key, o.sink.file, mark{at: in.taken})
			continue
		}
		if i == 0 {
			in.taken = o.slot.takenNow()
		}
		if first { // else it is not known how much was taken
			o.recover()
		} else {
			o.slot.change(o.mark(o.progress, 0))
		}
	}
	for i := range in.outlets {
		in.outlets[i].sink.settleTail()
	}
}

// recover sets the outlet to where an earlier process was, and finishes or takes
// back what that was about to write.
func (o *outlet) recover() {
	s, m := o.sink, *o.slot.holds()
	o.progress = o.progressAt(m)
	sameFile := o.slot.file == s.file
	if o.slot.isUnderWay() && sameFile && o.wrote(m, *o.slot.other()) {
		m = *o.slot.other()
		o.progress = o.progressAt(m)
	}
	if o.state == lineOpen {
		s.end = unknown
		if !sameFile || s.owner != nil || s.regular && s.size() != m.size {
			o.state, o.since = lineCut, time.Time{}
		} else {
			s.owner, s.opened, s.length = o, time.Now(), int(m.length)
		}
	}
	o.slot.change(o.mark(o.progress, m.size))
}

// progressAt is what the outlet knows of itself at a mark.
func (o *outlet) progressAt(m mark) progress {
	n, _ := unread(o.in.fd) // more can't be ahead
	return progress{
		state: m.state,
		ahead: max(0, min(int(m.at-o.in.taken), n)),
		since: fromNanoseconds(m.since),
	}
}

// wrote reports whether the write that was to lead from one mark to the next is
// in the file, and removes a part of one. The write's bytes are still in the
// pipe: they are taken after it. When they can't be formatted again to the same
// length, or the file can't be read, it is as if nothing was written: rather
// repeat than lose.
func (o *outlet) wrote(from, to mark) bool {
	s := o.sink
	if !s.regular {
		return false
	}
	length := to.size - from.size
	want := o.again(int(to.at-from.at), fromNanoseconds(o.slot.stamp))
	if length <= 0 || int64(len(want)) != length {
		return false
	}
	got, err := readBack(s.fd, from.size, len(want))
	if err != nil || !bytes.HasPrefix(want, got) {
		return false
	}
	if len(got) < len(want) {
		if len(got) > 0 {
			_ = s.topic.takeBack(s.fd, from.size)
		}
		return false
	}
	return true
}

// again formats the next n bytes of the pipe as they were at a time; no bytes
// are the end of an open line.
func (o *outlet) again(n int, stamp time.Time) []byte {
	if n == 0 {
		return o.ending()
	}
	data, err := o.in.loop.tap.peek(o.in.fd)
	if err != nil || n < 0 || len(data)-o.ahead < n {
		return nil
	}
	out, taken, _ := o.frame(data[o.ahead:o.ahead+n], stamp, cutAnywhere)
	if taken != n {
		return nil
	}
	return out
}

// inode returns the number of the file behind a descriptor.
func inode(fd int) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, err
	}
	return st.Ino, nil
}
