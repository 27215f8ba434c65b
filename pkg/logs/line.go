package logs

import "bytes"

// MaxLine is the length, in bytes, from which a line is read in pieces, so that
// a reader's memory is bounded.
const MaxLine = 1 << 20

// Line is a line of a log file, or a piece of one.
type Line struct {
	// Text is without the newline; a carriage return stays. A Follower's is
	// valid until its next call.
	Text []byte
	// Position is the offset in the file, in bytes, behind the line. Reading
	// from there goes on exactly with what follows.
	Position int64
	// Partial: the line was longer than MaxLine, and the next Line goes on with
	// it.
	Partial bool
}

// window is a growing buffer over a file: bytes that are read and not yet
// handed out.
type window struct {
	buf      []byte
	pending  []byte // the part of buf that is not handed out
	scanned  int    // how much of pending is known to hold no newline
	position int64  // of pending[0] in the file
}

// firstBuffer is the size with which a window begins, in bytes.
const firstBuffer = 16 << 10

// next hands out the first whole line.
func (w *window) next() (Line, bool) {
	i := bytes.IndexByte(w.pending[w.scanned:], '\n')
	switch {
	case i >= 0 && w.scanned+i <= MaxLine:
		return w.hand(w.scanned+i, 1), true
	case len(w.pending) > MaxLine:
		line := w.hand(MaxLine, 0)
		line.Partial = true
		return line, true
	}
	w.scanned = len(w.pending)
	return Line{}, false
}

// hand hands out n bytes, and drops the delimiter behind them.
func (w *window) hand(n, delimiter int) Line {
	text := w.pending[:n:n]
	w.pending = w.pending[n+delimiter:]
	w.scanned = 0
	w.position += int64(n + delimiter)
	return Line{Text: text, Position: w.position}
}

// end is the position from which to read on.
func (w *window) end() int64 { return w.position + int64(len(w.pending)) }

// room returns where to read to; what was handed out is overwritten.
func (w *window) room() []byte {
	n := len(w.pending)
	if n == len(w.buf) {
		size := max(firstBuffer, 2*n)
		old := w.pending
		w.buf = make([]byte, min(size, 2*MaxLine))
		copy(w.buf, old)
	} else {
		copy(w.buf, w.pending)
	}
	w.pending = w.buf[:n]
	return w.buf[n:]
}

// filled adds the n bytes that were read into room.
func (w *window) filled(n int) { w.pending = w.buf[:len(w.pending)+n] }

// seek forgets what is pending and goes on at a position.
func (w *window) seek(position int64) {
	w.pending, w.scanned, w.position = nil, 0, position
}

// clip forgets what is pending behind a position.
func (w *window) clip(position int64) {
	if position < w.position {
		w.seek(position)
		return
	}
	w.pending = w.pending[:position-w.position]
	w.scanned = min(w.scanned, len(w.pending))
}
