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
	file    identity
	regular bool  // a file that can be truncated, not a FIFO or a device
	end     int64 // of the file as it was in this turn, or unknown
	topic   *topic
	intakes int

	owner   *outlet   // whose line is open, or nil
	opened  time.Time // when it was opened
	length  int       // how much of it is written, in bytes
	waiting []*outlet // who wants to write
	// unsettled: an earlier process was in the middle of something in the file,
	// and its stream has not been added yet.
	unsettled bool
	alarm     alarm

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
	s := &sink{loop: l, path: path, topic: t}
	s.use(fd, regular)
	return s, nil
}

// leave takes o out of the sink, with an end for its open line.
func (s *sink) leave(o *outlet) {
	if s.owner == o && s.cut() != nil {
		s.rest = append(s.rest, o.ending()...)
		s.disown()
	}
	s.forget(o)
}

// forget takes o out of the sink as it is.
func (s *sink) forget(o *outlet) {
	if s.owner == o {
		s.owner = nil
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
		_ = s.flush() // the last attempt; a failure has been reported
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
	if s.unsettled {
		s.hold(o)
		return false
	}
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
	o := s.owner
	s.end = unknown // this is done at any time
	if err := s.append(o, o.ending(), progress{state: lineCut, ahead: o.ahead}, time.Time{}); err != nil {
		return err
	}
	s.owner = nil
	return nil
}

func (s *sink) disown() {
	if o := s.owner; o != nil {
		o.progress = progress{state: lineCut, ahead: o.ahead}
		o.slot.change(o.mark(o.progress, 0))
		s.owner = nil
	}
}

// open is how many bytes of an open line of o are in the file.
func (s *sink) open(o *outlet) int {
	if s.owner != o {
		return 0
	}
	return s.length
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
	s.length = s.open(o) + n
	if s.owner != o {
		s.owner, s.opened = o, now
	}
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
	if s.flush() != nil {
		return
	}
	s.resume()
}
