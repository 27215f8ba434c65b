package ipc

import (
	"bytes"
	"slices"
)

const (
	// maxFrame bounds what one channel can make the daemon hold, and how long
	// checking one message can keep the loop (4 MiB of JSON: about 20 ms).
	maxFrame = 4 << 20
	minRead  = 512
	maxRead  = 64 << 10 // work for one wake-up
)

// frames cuts a stream of bytes into lines. Only newly read bytes are searched
// for the newline, so a long frame in many pieces costs linear time.
type frames struct {
	buf   []byte // nil while no frame is open: an idle channel holds no memory
	start int    // first byte that next has not returned
	seen  int    // buf[start:seen] holds no newline
	skip  bool   // inside a frame that was too long
}

// room returns where to read to; pending is what is known to be waiting.
func (f *frames) room(pending int) []byte {
	n := min(max(pending, minRead), maxRead)
	f.buf = slices.Grow(f.buf, n)
	return f.buf[len(f.buf) : len(f.buf)+n]
}

// add takes over the first n bytes of what room returned.
func (f *frames) add(n int) { f.buf = f.buf[:len(f.buf)+n] }

// next returns the next whole frame without its newline. It is valid until rest
// is called.
func (f *frames) next() (frame []byte, ok bool) {
	for {
		i := bytes.IndexByte(f.buf[f.seen:], '\n')
		if i < 0 {
			f.seen = len(f.buf)
			return nil, false
		}
		frame = f.buf[f.start : f.seen+i]
		f.start = f.seen + i + 1
		f.seen = f.start
		if !f.skip {
			return frame, true
		}
		f.skip = false
	}
}

// rest ends a round of next: it keeps the open frame and frees what it can.
// When that frame has become too long it is dropped, with all that still comes
// of it, and its head is returned.
func (f *frames) rest() (overlong []byte) {
	open, moved := f.buf[f.start:], f.start > 0
	f.start, f.seen = 0, len(open)
	switch {
	case f.skip || len(open) == 0:
		f.buf, f.seen = nil, 0
	case len(open) > maxFrame:
		f.buf, f.seen, f.skip = nil, 0, true
		return open[:minRead]
	case moved && len(open) <= cap(f.buf)/8: // a long frame went before
		f.buf = slices.Clone(open)
	case moved:
		f.buf = f.buf[:copy(f.buf, open)]
	}
	return nil
}
