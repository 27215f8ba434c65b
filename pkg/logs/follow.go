package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// recheck is how often a follower looks at a file that this loop does not write.
const recheck = time.Second

// Follower reads whole lines of a file and waits for more. It is for one
// goroutine.
type Follower struct {
	topics  *topics
	topic   *topic
	changed chan struct{}
	file    *os.File // nil while there is none
	window  window
	epoch   epoch // that window belongs to
	closed  bool
}

// Follow makes a Follower that begins at an offset of the file, in bytes. The
// file need not exist. A file that is shorter than the offset was emptied and
// is read from its start. Close must be called.
func (l *Loop) Follow(path string, position int64) *Follower {
	t := l.topics.acquire(filepath.Clean(path))
	return &Follower{
		topics:  &l.topics,
		topic:   t,
		changed: t.subscribe(),
		epoch:   t.now(),
		window:  window{position: position},
	}
}

// Close gives everything back; it may be called twice.
func (f *Follower) Close() {
	if f.closed {
		return
	}
	f.closed = true
	f.topic.unsubscribe(f.changed)
	f.topics.release(f.topic)
	f.drop()
}

// Next returns the next whole line as soon as it is in the file. When the file
// is emptied, or another one takes its name, it goes on at the start. It ends
// with ctx's error or one of reading.
func (f *Follower) Next(ctx context.Context) (Line, error) {
	for {
		if line, ok := f.window.next(); ok {
			return line, nil
		}
		more, err := f.fill()
		if err != nil {
			return Line{}, fmt.Errorf("follow %s: %w", f.topic.path, err)
		}
		if more {
			continue
		}
		if err := f.wait(ctx); err != nil {
			return Line{}, err
		}
	}
}

// wait returns when the file may have changed.
func (f *Follower) wait(ctx context.Context) error {
	var tick <-chan time.Time
	if _, ok := f.topic.written(); !ok {
		timer := time.NewTimer(recheck)
		defer timer.Stop()
		tick = timer.C
	}
	select {
	case <-f.changed:
	case <-tick:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// fill reads once and reports whether there may be more to do.
func (f *Follower) fill() (bool, error) {
	if f.file == nil {
		file, _, err := openRegular(f.topic.path)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		f.file = file
	}
	if err := f.checkSize(); err != nil {
		return false, err
	}
	n, err := f.file.ReadAt(f.window.room(), f.window.end())
	f.window.filled(n)
	if n > 0 {
		return true, nil
	}
	if !errors.Is(err, io.EOF) {
		return false, err
	}
	return f.replaced()
}

// checkSize goes back in a file that has become shorter.
func (f *Follower) checkSize() error {
	size, e, err := f.topic.state(f.file)
	if err != nil {
		return err
	}
	switch end := f.window.end(); {
	case e.emptied != f.epoch.emptied:
		f.window.seek(0)
	case e.takenBack != f.epoch.takenBack && e.takenTo < end:
		// The same bytes need not follow there: another stream may come first.
		f.window.clip(e.takenTo)
	case size < end:
		f.window.seek(0)
	}
	f.epoch = e
	return nil
}

// replaced changes over to the start of another file once that is the one to
// follow, and reports whether there may be more to read.
func (f *Follower) replaced() (bool, error) {
	var st unix.Stat_t
	if unix.Stat(f.topic.path, &st) != nil {
		return false, nil // it may come
	}
	named := identityOf(&st)
	// While this loop still writes to the old file, the new one can wait.
	if current, ok := f.topic.written(); ok && current != named {
		return false, nil
	}
	if identify(int(f.file.Fd())) == named {
		return false, nil
	}
	// Nothing is added to the old file any more; what came since it was read
	// goes first.
	if old, err := f.file.Stat(); err != nil || old.Size() > f.window.end() {
		return err == nil, err
	}
	f.drop()
	f.window.seek(0)
	return true, nil
}

func (f *Follower) drop() {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
}
