package logs

import "golang.org/x/sys/unix"

// unknown is an end of a file that must be asked for.
const unknown = -1

// use begins with a file that was just opened.
func (s *sink) use(fd int, regular bool) {
	s.fd, s.regular, s.file, s.end = fd, regular, identify(fd), unknown
	s.unsettled = s.loop.journal.unfinished[s.file] > 0
	s.keepApart()
}

// keepApart ends the last line of the file, unless somebody goes on with it.
func (s *sink) keepApart() {
	if s.regular && s.owner == nil && !s.unsettled {
		endLastLine(s.fd)
		s.end = unknown
	}
}

// settleTail lets those write who wait for what an earlier process has begun, if
// that is settled now.
func (s *sink) settleTail() {
	if s.unsettled && s.loop.journal.unfinished[s.file] == 0 {
		s.unsettled = false
		s.keepApart()
		s.resume()
	}
}

// size returns where the file ends, in bytes. It asks once a turn, and after
// that counts.
func (s *sink) size() int64 {
	if s.end == unknown && s.regular {
		if end, err := unix.Seek(s.fd, 0, unix.SEEK_END); err == nil {
			s.end = end
		}
	}
	return max(0, s.end)
}
