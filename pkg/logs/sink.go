package logs

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// maxOpen is how many bytes of one line other streams wait for.
const maxOpen = 1 << 20

var newline = []byte{'\n'}

// sink is a log file that is being written, shared by all intakes with its
// path. It belongs to the loop's goroutine.
//
// While a stream's line is open in the file, the file is that stream's; the
// others wait with their bytes in their pipes.
type sink struct {
	loop    *Loop
	path    string
	fd      int
	regular bool // a file that can be truncated, not a FIFO or a device
	topic   *topic
	intakes int

	owner   *outlet   // whose line is open, or nil
	opened  time.Time // when it was opened
	length  int       // how much of it is written, in bytes
	waiting []*outlet // who wants to write
	alarm   alarm

	failure error // why the file can't be written until the next attempt
	outage  bool  // that has been reported
	// rest was to be written with bytes that are, and could not be taken back
	// (not a regular file, or somebody else appended behind them). It goes first.
	rest []byte
}

// acquire returns the sink of path for one more intake.
func (l *Loop) acquire(path string) (*sink, error) {
	path, err := cleanPath(path)
	if err != nil {
		return nil, err
	}
	s := l.sinks[path]
	if s != nil {
		// A file that somebody has removed or renamed gets no new streams.
		if s.stale() {
			err = s.reopen()
		}
	} else if s, err = l.open(path); err == nil {
		l.sinks[path] = s
	}
	if err != nil {
		return nil, err
	}
	s.intakes++
	return s, nil
}

func (l *Loop) open(path string) (*sink, error) {
	fd, regular, err := openLog(path, true)
	if err != nil {
		return nil, err
	}
	t := l.topics.acquire(path)
	t.opened(fd)
	return &sink{loop: l, path: path, fd: fd, regular: regular, topic: t}, nil
}

// leave takes o out of the sink, with an end for its open line.
func (s *sink) leave(o *outlet) {
	if s.owner == o && s.cut() != nil {
		s.rest = append(s.rest, o.ending()...)
		s.disown()
	}
	if i := slices.Index(s.waiting, o); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	s.release()
	s.resume()
}

// release closes the file behind the last intake.
func (s *sink) release() {
	s.intakes--
	if s.intakes > 0 {
		return
	}
	if len(s.rest) > 0 {
		s.failure = nil
		_ = s.append(nil) // the last attempt; a failure has been reported
	}
	s.alarm.stop()
	delete(s.loop.sinks, s.path)
	unix.Close(s.fd)
	s.topic.closed()
	s.loop.topics.release(s.topic)
}

// admit reports whether o may write now. If not, it waits in the sink. An
// open line that has had its time is given an end.
func (s *sink) admit(o *outlet, now time.Time) bool {
	if s.owner == nil || s.owner == o {
		return true
	}
	if left := s.loop.timing.open - now.Sub(s.opened); left > 0 && s.length < maxOpen {
		s.hold(o)
		s.loop.arm(&s.alarm, left, s.tick)
		return false
	}
	if s.cut() != nil {
		s.hold(o)
		return false
	}
	return true
}

// cut ends the open line on behalf of its owner, whose rest will follow on a
// line of its own.
func (s *sink) cut() error {
	if err := s.append(s.owner.ending()); err != nil {
		return err
	}
	s.disown()
	return nil
}

func (s *sink) disown() {
	if s.owner != nil {
		s.owner.state, s.owner.since = lineCut, time.Time{}
		s.owner = nil
	}
}

// settle notes whose file it is after o wrote n bytes to it.
func (s *sink) settle(o *outlet, n int, now time.Time) {
	if o.state != lineOpen {
		if s.owner == o {
			s.owner = nil
			s.resume()
		}
		return
	}
	if s.owner != o {
		s.owner, s.opened, s.length = o, now, 0
	}
	s.length += n
	if o.in.object != nil && s.length >= maxObject {
		if s.cut() == nil { // a failure is met again by the next write
			s.resume()
		}
		return
	}
	if s.length >= maxOpen && len(s.waiting) > 0 {
		s.resume() // they come before o, and end its line
		s.loop.enqueue(o.in)
	}
}

// hold makes o wait until the sink resumes it.
func (s *sink) hold(o *outlet) {
	if !o.waiting {
		o.waiting = true
		s.waiting = append(s.waiting, o)
	}
	if s.failure != nil {
		o.in.answer(s.failure)
	}
}

func (s *sink) resume() {
	for i, o := range s.waiting {
		s.waiting[i] = nil
		o.waiting = false
		s.loop.enqueue(o.in)
	}
	s.waiting = s.waiting[:0]
}

// tick is the sink's alarm: an outage is over, perhaps, or an open line had its
// time; the intakes find out.
func (s *sink) tick() {
	if s.intakes == 0 {
		return
	}
	s.failure = nil
	if len(s.rest) > 0 && s.append(nil) != nil {
		return
	}
	s.resume()
}
