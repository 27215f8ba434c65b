package verify

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/leadmaster/hub/tests/chaos/account"
)

// Lines checks the lines of log files.
type Lines struct {
	Complaints
	Lives   []*account.Life
	Outages Outages
	// Whole counts the lines that were found, Excused those that were lost in an
	// outage.
	Whole, Excused int
}

// stream is how far a stream of a process has come in a file.
type stream struct {
	life *account.Life
	name string
	key  string
	done int    // whole lines
	open string // what is missing of the line that was begun
	last int64  // offset of its last line
}

// reading is the pass over one file.
type reading struct {
	*Lines
	log     Log
	streams map[string]*stream // by key
}

// File checks a file. One that is not there has no lines.
func (c *Lines) File(log Log) error {
	f, err := os.Open(log.Path)
	if os.IsNotExist(err) {
		return c.Read(log, strings.NewReader(""))
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return c.Read(log, f)
}

// Read checks what a log holds: all that belongs there and nothing else.
func (c *Lines) Read(log Log, r io.Reader) error {
	pass := &reading{Lines: c, log: log, streams: make(map[string]*stream)}
	for _, l := range c.Lives {
		for _, name := range log.streams(l) {
			key := l.Key(name)
			pass.streams[key] = &stream{life: l, name: name, key: key}
		}
	}
	if err := log.each(r, pass.line); err != nil {
		return err
	}
	for _, s := range pass.streams {
		pass.end(s)
	}
	return nil
}

func (r *reading) complain(line physical, format string, args ...any) {
	r.add("%s: offset %d: %s", r.log.Path, line.offset, fmt.Sprintf(format, args...))
}

// line takes the next line of the file.
func (r *reading) line(line physical) {
	if line.rest {
		r.rest(line)
		return
	}
	key, seq, ok := account.Head(line.text)
	s := r.streams[key]
	switch {
	case !ok:
		if s = r.torn(line.text); s == nil {
			r.complain(line, "a line that nobody wrote: %s", short(line.text))
			return
		}
		seq = s.done + 1
	case s == nil:
		r.complain(line, "a line of a process that has no business here: %s", short(line.text))
		return
	}
	if s.open != "" {
		r.complain(line, "line %d of %s %s, but line %d has no end (offset %d, %d bytes missing)", seq, s.life, s.name, s.done+1, s.last, len(s.open))
		s.open, s.done = "", s.done+1
	}
	r.order(line, s, seq)
	want := account.Text(s.key, seq, s.life.Mixed)
	r.compare(line, s, seq, want)
}

// order complains when it is not the line that has to come, and goes on from it.
func (r *reading) order(line physical, s *stream, seq int) {
	switch want := s.done + 1; {
	case seq > want:
		r.complain(line, "line %d of %s %s, but lines %d to %d are not there (the one before: offset %d)", seq, s.life, s.name, want, seq-1, s.last)
	case seq < want:
		r.complain(line, "line %d of %s %s again, or too late: line %d was at offset %d", seq, s.life, s.name, s.done, s.last)
	}
	s.done, s.last = seq-1, line.offset
}

// compare takes the whole or the beginning of what is wanted.
func (r *reading) compare(line physical, s *stream, seq int, want string) {
	if line.id >= 0 && line.id != s.life.ID {
		r.complain(line, "line %d of %s %s in the name of id %d", seq, s.life, s.name, line.id)
	}
	switch {
	case line.text == want && line.ended:
		s.done, s.open = seq, ""
		r.Whole++
	case line.text == want:
		s.open = "\n"
	case strings.HasPrefix(want, line.text):
		s.open = want[len(line.text):]
	default:
		at := difference(line.text, want)
		r.complain(line, "line %d of %s %s differs at byte %d: has %s, wants %s", seq, s.life, s.name, at, short(line.text[at:]), short(want[at:]))
		s.done, s.open = seq, ""
	}
}

// rest takes the rest of a line that was cut because others waited for the file.
func (r *reading) rest(line physical) {
	var found *stream
	for _, s := range r.streams {
		if s.open == line.text && line.ended {
			found = s
			break
		}
		if s.open != "" && strings.HasPrefix(s.open, line.text) {
			found = s
		}
	}
	if found == nil {
		r.complain(line, "the rest of no line: %s", short(line.text))
		return
	}
	r.compare(line, found, found.done+1, found.open)
}

// torn finds the stream whose next line begins with a text too short to say so.
func (r *reading) torn(text string) *stream {
	for key, s := range r.streams {
		if text != "" && s.open == "" && (strings.HasPrefix(key, text) ||
			strings.HasPrefix(account.Text(key, s.done+1, s.life.Mixed), text)) {
			return s
		}
	}
	return nil
}

// end checks how many lines of a stream there are.
func (r *reading) end(s *stream) {
	wrote := s.life.Done[s.name]
	missing := wrote - s.done
	killed := s.life.Exit == ""
	switch {
	case missing == 0 && (s.open == "" || killed):
	case missing == -1 && killed && s.open == "": // killed before it could enter its last line
	case missing >= 0 && r.Outages.Excuse(s.life):
		r.Excused += missing
	case missing == 0:
		r.add("%s: the end of %s %s is a line without one: %d bytes missing (offset %d)", r.log.Path, s.life, s.name, len(s.open), s.last)
	default:
		r.add("%s: %s %s wrote %d lines, and %d are here (the last: offset %d)", r.log.Path, s.life, s.name, wrote, s.done, s.last)
	}
}

// difference is where two texts part.
func difference(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
