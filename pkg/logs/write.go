package logs

import (
	"bytes"
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// append writes b whole for o, which is at next then, or nothing of it and
// returns why. After a failure nothing is written until the next attempt is due.
// now is the time in b.
func (s *sink) append(o *outlet, b []byte, next progress, now time.Time) error {
	if err := s.flush(); err != nil {
		return err
	}
	size, m := s.size(), o.mark(next, 0)
	m.size, m.length = size+int64(len(b)), int32(s.open(o)+len(b))
	o.slot.plan(s.file, m, size, o.since, now)
	n, err := s.writeAll(b)
	if err == nil {
		s.recovered()
	} else {
		s.failed(err)
		if n == 0 || s.takeBack(n) {
			o.slot.undone()
			return err
		}
		s.rest = bytes.Clone(b[n:]) // so b counts as written
	}
	o.slot.done()
	o.progress = next
	s.topic.grew()
	return nil
}

// flush writes what is left of an earlier write.
func (s *sink) flush() error {
	if s.failure != nil {
		return s.failure
	}
	if len(s.rest) == 0 {
		return nil
	}
	n, err := s.writeAll(s.rest)
	s.rest = s.rest[n:]
	if err != nil {
		s.failed(err)
		return err
	}
	s.rest = nil
	s.recovered()
	s.topic.grew()
	return nil
}

func (s *sink) writeAll(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := s.loop.write(s.fd, b[done:])
		if n > 0 {
			done += n
			if s.end != unknown {
				s.end += int64(n)
			}
		}
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return done, err
		}
	}
	return done, nil
}

// takeBack removes the last n bytes that were written, unless somebody else has
// appended since: after an O_APPEND write the file offset is its end (write(2)).
func (s *sink) takeBack(n int) bool {
	if !s.regular {
		return false
	}
	end, err := unix.Seek(s.fd, 0, unix.SEEK_CUR)
	if err != nil {
		return false
	}
	var st unix.Stat_t
	if unix.Fstat(s.fd, &st) != nil || st.Size != end || end < int64(n) {
		return false
	}
	return s.topic.takeBack(s.fd, end-int64(n)) == nil
}

// failed begins or prolongs an outage, which is reported once.
func (s *sink) failed(err error) {
	s.failure, s.end = err, unknown
	if !s.outage {
		s.outage = true
		s.loop.log.Error("log file can't be written; output waits in the pipes and apps may block",
			"path", s.path, "err", err)
	}
	s.loop.arm(&s.alarm, s.loop.timing.retry, s.tick)
}

func (s *sink) recovered() {
	if s.outage {
		s.outage = false
		s.loop.log.Info("log file is written again", "path", s.path)
	}
}

// retry ends the pause after a failure: the reason may be gone.
func (s *sink) retry() {
	s.failure = nil
	s.resume()
}
