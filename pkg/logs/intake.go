package logs

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/epoll"
)

// Source is one stream of an app.
type Source struct {
	// FD is the read end of a pipe, with O_NONBLOCK. After a successful Add the
	// loop owns it.
	FD int
	// Path is the absolute path of the file to append to. Sources with the same
	// path share it. With "" or "/dev/null" the stream is read and dropped.
	Path string
	// Combined is the absolute path of a second file that gets the same lines,
	// or "". Both streams of an app write to it, in the order in which they are
	// read.
	Combined string
	// Object, if not nil, makes a JSON object of each line.
	Object *Object
	// Stamp is the date format in front of each line, see ParseStamp. With ""
	// the bytes are written as they came, and objects have ISO 8601.
	Stamp string
	// Name stands in messages, such as "api:0 stdout".
	Name string
	// Ended, if not nil, is called on the loop's goroutine when nothing is read
	// from the pipe any more: at its end, after an error of it, or by Close, but
	// not when the loop ends. It must not block.
	Ended func()
}

// Intake is a source that is being read. Its fields belong to the loop's
// goroutine; a thousand idle intakes must cost next to nothing.
type Intake struct {
	loop    *Loop
	name    string
	fd      int
	pipe    uint64 // its inode
	atEnd   func() // Source.Ended
	watch   *epoll.Watch
	outlets []outlet // none: dropped
	stamp   *Stamp   // nil: no stamp
	utc     bool     // of the stamp
	object  []byte   // what ends a line's object, behind the stamp; nil: no objects

	wide    bool // its pipe was made as big as it gets
	packets bool // its pipe was written to with O_DIRECT
	hung    bool // nobody can write any more
	queued  bool // stands in the loop's queue
	ended   bool
	cause   error // of an end that was not the end of file

	alarm    alarm
	seen     int           // bytes in the pipe when it held only a line without an end
	pause    time.Duration // until the next look at them
	taken    int64         // bytes taken out of the pipe so far
	barriers []barrier
	done     chan struct{}
}

// barrier is a Sync that waits for taken to reach a count.
type barrier struct {
	taken int64
	reply chan error
}

// Add starts to read sources, and returns an intake for each. It opens their
// files, makes missing folders (mode 0750), and fails if a file can't be opened
// or an FD is not a pipe; then none is read, and the descriptors are still the
// caller's.
func (l *Loop) Add(ctx context.Context, sources ...Source) (list []*Intake, err error) {
	if e := l.call(ctx, func() { list, err = l.addAll(sources) }); e != nil {
		return nil, fmt.Errorf("logs: %w", e)
	}
	return list, err
}

func (l *Loop) addAll(sources []Source) ([]*Intake, error) {
	list := make([]*Intake, 0, len(sources))
	for _, src := range sources {
		in, err := l.add(src)
		if err != nil {
			for _, in := range list {
				in.undo()
			}
			return nil, fmt.Errorf("log of %s: %w", src.Name, err)
		}
		list = append(list, in)
	}
	for _, in := range list {
		in.claim()
	}
	return list, nil
}

// undo takes back an add; nothing was read since.
func (in *Intake) undo() {
	in.watch.Remove()
	in.release()
	delete(in.loop.intakes, in)
}

func (l *Loop) add(src Source) (*Intake, error) {
	if _, err := unix.FcntlInt(uintptr(src.FD), unix.F_GETPIPE_SZ, 0); err != nil {
		return nil, fmt.Errorf("descriptor %d is not a pipe: %w", src.FD, err)
	}
	in := &Intake{loop: l, name: src.Name, fd: src.FD, atEnd: src.Ended, done: make(chan struct{})}
	var err error
	if in.pipe, err = inode(src.FD); err != nil {
		return nil, err
	}
	if src.Object != nil {
		in.object = src.Object.ending()
		if src.Stamp == "" {
			src.Stamp, in.utc = isoFormat, true
		}
	}
	if src.Stamp != "" {
		if in.stamp, err = l.stamp(src.Stamp); err != nil {
			return nil, err
		}
	}
	if err = in.open(src.Path, src.Combined); err != nil {
		return nil, err
	}
	in.watch, err = l.loop.Add(in.fd, epoll.In|epoll.EdgeTriggered, in.wake)
	if err != nil {
		in.release()
		return nil, err
	}
	l.intakes[in] = struct{}{}
	return in, nil
}

// open makes an outlet for each path that names a file, one for equal ones.
func (in *Intake) open(paths ...string) error {
	for _, path := range paths {
		if path == "" || path == "/dev/null" {
			continue
		}
		s, err := in.loop.acquire(path)
		if err != nil {
			in.release()
			return err
		}
		if len(in.outlets) > 0 && in.outlets[0].sink == s {
			s.release()
			continue
		}
		in.outlets = append(in.outlets, outlet{in: in, sink: s})
	}
	return nil
}

// release gives back the sinks of an intake that has not begun.
func (in *Intake) release() {
	for i := range in.outlets {
		in.outlets[i].sink.release()
	}
}

// cleanPath is the one name under which a file is known.
func cleanPath(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("log file %q: the path must be absolute", path)
	}
	return filepath.Clean(path), nil
}

func (in *Intake) wake(events uint32) {
	if events&(epoll.Hup|epoll.Err) != 0 {
		in.hung = true
	}
	if !in.queued { // else its turn comes, and not before that of others
		in.turn()
	}
}

// Sync waits until everything that is in the pipe at the call is in the file or
// dropped, also a line without an end. It returns the write's error if the file
// can't be written, and ErrClosed if the intake is closed first.
func (in *Intake) Sync(ctx context.Context) error {
	reply := make(chan error, 1)
	err := in.loop.call(ctx, func() { in.sync(reply) })
	if err == nil {
		select {
		case err = <-reply:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		return fmt.Errorf("log of %s: %w", in.name, err)
	}
	return nil
}

func (in *Intake) sync(reply chan error) {
	if in.ended {
		reply <- in.cause
		return
	}
	n, err := unread(in.fd)
	if err != nil || n == 0 {
		reply <- err
		return
	}
	in.barriers = append(in.barriers, barrier{in.taken + int64(n), reply})
	for i := range in.outlets {
		if err := in.outlets[i].sink.failure; err != nil {
			in.answer(err)
		}
	}
	in.turn()
}

// answer ends all Syncs under way.
func (in *Intake) answer(err error) {
	for _, b := range in.barriers {
		b.reply <- err
	}
	in.barriers = nil
}
