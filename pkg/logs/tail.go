package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Tail returns the last n whole lines of a file before the offset end, in
// bytes, or before its end of file if end is negative or behind that; fewer
// only if there are fewer. next is the offset behind them: to follow the file
// from there misses and repeats nothing.
//
// It keeps all lines in memory; TailStart and Lines do not. A file that does
// not exist is an error that is fs.ErrNotExist.
func Tail(path string, n int, end int64) (lines []Line, next int64, err error) {
	start, next, err := TailStart(path, n, end)
	if err != nil {
		return nil, 0, err
	}
	for line, err := range Lines(path, start, next) {
		if err != nil {
			return nil, 0, err
		}
		line.Text = bytes.Clone(line.Text)
		lines = append(lines, line)
	}
	return lines, next, nil
}

// TailStart finds what Tail returns: it begins at the offset start and ends
// before next, both in bytes. It reads backwards, and no more than needed.
func TailStart(path string, n int, end int64) (start, next int64, err error) {
	f, size, err := openRegular(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	if end < 0 || end > size {
		end = size
	}
	var block [16 << 10]byte
	newlines := 0
	next = -1
	for to := end; to > 0; {
		from := max(0, to-int64(len(block)))
		part := block[:to-from]
		if m, err := f.ReadAt(part, from); m < len(part) {
			return 0, 0, fmt.Errorf("read %s at %d: %w", path, from, err)
		}
		for i := bytes.LastIndexByte(part, '\n'); i >= 0; i = bytes.LastIndexByte(part[:i], '\n') {
			at := from + int64(i) + 1
			if next < 0 {
				next = at
			}
			if newlines == max(n, 0) {
				return at, next, nil
			}
			newlines++
		}
		to = from
	}
	return 0, max(next, 0), nil
}

// Lines reads the whole lines between two offsets, in bytes. A Line's Text is
// valid until the next one; an error is the last value. The bytes of a line
// without an end before stop are not read.
func Lines(path string, start, stop int64) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f, _, err := openRegular(path)
		if err != nil {
			yield(Line{}, err)
			return
		}
		defer f.Close()
		w := window{position: start}
		for {
			for line, ok := w.next(); ok; line, ok = w.next() {
				if !yield(line, nil) {
					return
				}
			}
			room := w.room()
			room = room[:min(int64(len(room)), max(0, stop-w.end()))]
			if len(room) == 0 {
				return
			}
			n, err := f.ReadAt(room, w.end())
			w.filled(n)
			if n == 0 && !errors.Is(err, io.EOF) {
				yield(Line{}, fmt.Errorf("read %s: %w", path, err))
				return
			}
			if n == 0 {
				return
			}
		}
	}
}

// Unfinished returns at most limit bytes of the line that begins at an offset
// and has no newline yet, and whether there is one.
func Unfinished(path string, from int64, limit int) (Line, bool) {
	f, _, err := openRegular(path)
	if err != nil {
		return Line{}, false
	}
	defer f.Close()
	buf := make([]byte, limit)
	n, err := f.ReadAt(buf, from)
	if n == 0 || err != nil && !errors.Is(err, io.EOF) || bytes.IndexByte(buf[:n], '\n') >= 0 {
		return Line{}, false // none, or it was finished just now
	}
	return Line{Text: buf[:n], Position: from + int64(n), Partial: true}, true
}
