package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Reopen makes the loop write to the file that path names now, after somebody
// has renamed or removed the old one. A path that nobody writes to is no error.
func (l *Loop) Reopen(ctx context.Context, path string) error {
	return l.onFile(ctx, "reopen", path, func(path string) error {
		if s := l.sinks[path]; s != nil {
			return s.reopen()
		}
		return nil
	})
}

// Truncate empties a log file, written to or not; its followers go on at its
// new start. A file that doesn't exist is no error.
func (l *Loop) Truncate(ctx context.Context, path string) error {
	return l.onFile(ctx, "empty", path, l.truncate)
}

// onFile runs f on the loop's goroutine.
func (l *Loop) onFile(ctx context.Context, verb, path string, f func(path string) error) error {
	path, err := cleanPath(path)
	if err != nil {
		return err
	}
	if e := l.call(ctx, func() { err = f(path) }); e != nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("%s log file %s: %w", verb, path, err)
	}
	return nil
}

func (l *Loop) truncate(path string) error {
	if s := l.sinks[path]; s != nil && !s.stale() {
		return s.truncate()
	}
	fd, regular, err := openLog(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if !regular {
		return nil
	}
	t := l.topics.acquire(path)
	defer l.topics.release(t)
	return t.truncate(fd)
}

func (s *sink) truncate() error {
	if !s.regular {
		return nil
	}
	if err := s.topic.truncate(s.fd); err != nil {
		return err
	}
	s.end = unknown
	s.disown() // what is left of an open line is a continuation of nothing
	s.rest = nil
	s.retry()
	return nil
}

// stale reports whether path no longer names the open file.
func (s *sink) stale() bool {
	var named unix.Stat_t
	return unix.Stat(s.path, &named) != nil || identify(s.fd) != identityOf(&named)
}

// reopen changes over to the file that path names now. If that fails the sink
// stays with the one that it has.
func (s *sink) reopen() error {
	// Before it is opened: it may be the same file, whose last line must have
	// its own end.
	if s.owner != nil && s.cut() != nil {
		s.disown() // the old file keeps an unfinished last line
	}
	fd, regular, err := openLog(s.path, true)
	if err != nil {
		return err
	}
	unix.Close(s.fd)
	s.use(fd, regular)
	s.topic.reopened(fd)
	s.retry()
	return nil
}
