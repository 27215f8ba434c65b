package logs

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// slot is what must be known of an outlet by whoever goes on in its place. It
// lies in shared memory (see journal) and is written with plain stores, in an
// order that leaves it right for a process that is killed between any two of
// them: what a slot says changes with one atomic store, behind the others.
type slot struct {
	pipe atomic.Uint64 // inode of the outlet's pipe; 0: the slot is free
	file identity
	// phase is which of the marks holds, and whether a write that leads to the
	// other one is under way.
	phase  atomic.Uint32
	outlet uint8   // its place in the intake
	last   [1]byte // a take ends with the chunk's last byte in here,
	differ byte    // where before it there was this, another one
	blind  bool    // a take that does not
	marks  [2]mark
	stamp  int64 // the time in the write under way, since 1970 in ns
	// taken counts the bytes that have left the pipe; takes is more during a
	// take. Both are of the intake's first outlet.
	taken, takes atomic.Int64
	_            [8]byte
}

// mark is how far an outlet is.
type mark struct {
	size   int64 // of the file after its last write, in bytes
	at     int64 // how much of the stream is in the file, in bytes
	since  int64 // see progress, since 1970 in ns, or 0
	length int32 // of the open line, in bytes
	state  lineState
	_      [3]byte
}

// slotSize is a slot's size in the file. A slot of another size, or with fields
// of another meaning, needs another journalVersion.
const slotSize = 128

var (
	_ [slotSize - unsafe.Sizeof(slot{})]struct{}
	_ [unsafe.Sizeof(slot{}) - slotSize]struct{}
)

// underWay is the bit of phase beside the index of the mark that holds.
const underWay = 2

func (s *slot) holds() *mark { return &s.marks[s.phase.Load()&1] }

func (s *slot) other() *mark { return &s.marks[s.phase.Load()&1^1] }

func (s *slot) isUnderWay() bool { return s.phase.Load()&underWay != 0 }

// plan notes a write behind size bytes of the file that leads to next.
func (s *slot) plan(file identity, next mark, size int64, since, stamp time.Time) {
	now := s.holds()
	now.size, now.since = size, nanoseconds(since) // the same for who reads it now, or newer
	s.file, s.stamp = file, stamp.UnixNano()
	*s.other() = next
	s.phase.Store(s.phase.Load() | underWay)
}

// done notes that the write that was planned is in the file.
func (s *slot) done() { s.phase.Store(s.phase.Load()&1 ^ 1) }

// undone notes that nothing of it is.
func (s *slot) undone() { s.phase.Store(s.phase.Load() & 1) }

// change notes what became of the outlet without a write.
func (s *slot) change(next mark) {
	*s.other() = next
	s.done()
}

// take notes that the pipe's bytes up to a count are being taken, of which last
// is the last one.
func (s *slot) take(to int64, last byte, blind bool) {
	s.differ = ^last
	s.last[0], s.blind = s.differ, blind
	s.takes.Store(to)
}

// takenNow ends a take whose process was killed, and returns how many bytes have
// left the pipe. Of a blind one it is not known: then they have, and if that is
// wrong they are repeated.
func (s *slot) takenNow() int64 {
	if s.blind || s.last[0] != s.differ {
		s.taken.Store(s.takes.Load())
	}
	s.takes.Store(s.taken.Load())
	return s.taken.Load()
}

// plausible reports whether a slot that was found in a file is one that this
// package has written.
func (s *slot) plausible() bool {
	if s.phase.Load() > 1|underWay || s.outlet > 1 || s.taken.Load() < 0 || s.takes.Load() < s.taken.Load() {
		return false
	}
	for _, m := range s.marks {
		if m.state > lineCut || m.size < 0 || m.at < 0 || m.length < 0 {
			return false
		}
	}
	return true
}

// unfinished reports whether the slot's stream is in the middle of something in
// its file, so that nobody else may append to it.
func (s *slot) unfinished() bool { return s.isUnderWay() || s.holds().state == lineOpen }

func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanoseconds(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}
