package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/epoll"
)

const (
	// chunkSize is what is peeked at and written at once. Larger chunks leave
	// the processor's cache and are slower.
	chunkSize = 64 << 10
	// page is the unit of a pipe's size: a writer whose pieces are no whole pages
	// leaves some of the last one empty.
	page = 4096
	// floodPipe is the size of the pipe of an app that floods, in bytes: room for
	// it to go on while the loop is busy with a chunk. Only such an app gets it,
	// since all pipes of a user that is not root may have 64 MiB together, and
	// two pages each from then on (pipe(7)).
	floodPipe = 1 << 20
	// outSize holds a chunk with its stamps; of a chunk of very short lines the
	// rest is done in a second write.
	outSize = 4 * chunkSize
	// chunksPerTurn bounds what one intake does before the others have theirs.
	chunksPerTurn = 4
	// peekAgain is the size from which a line without an end is written, so that
	// an app that writes it byte by byte has at most this much read again.
	peekAgain = 4 << 10
)

// ErrClosed is returned by calls on a loop that has ended and by waits on an
// intake that was closed before its end of file.
var ErrClosed = errors.New("logs: closed")

// Loop moves the output of all apps. Its methods may be called from anywhere;
// the work is done on the goroutine that calls Run, which owns every field but
// topics.
type Loop struct {
	log    *slog.Logger
	loop   *epoll.Loop
	tap    *tap
	topics topics

	journal *journal
	intakes map[*Intake]struct{}
	sinks   map[string]*sink
	stamps  map[string]*Stamp

	out         []byte // a formatted chunk
	first, then []byte // stamps of a chunk: of its first line, of the others

	ready, spare []*Intake // whose turn it is
	queued       bool      // serve is posted

	timing timing
	// write is write(2) and take the tap's, but in tests.
	write func(fd int, b []byte) (int, error)
	take  func(fd, n int, last []byte) error
}

// timing are the loop's delays, apart so that tests can be fast.
type timing struct {
	partial time.Duration // how long a line without an end stays in the pipe
	open    time.Duration // how long an open line keeps a shared file
	retry   time.Duration // between attempts on a file that can't be written
}

// New makes a loop that reports files that can't be written to log. Run must be
// called to serve it. The journal is the file (mode 0600) that lets the next
// process go on where this one was, even in the middle of a line or a write;
// with "", or where it can't be made, lines may be repeated after a kill. Only
// one process may have it open.
func New(log *slog.Logger, journal string) (*Loop, error) {
	t, err := newTap()
	if err != nil {
		return nil, fmt.Errorf("logs: %w", err)
	}
	loop, err := epoll.New()
	if err != nil {
		t.close()
		return nil, fmt.Errorf("logs: %w", err)
	}
	return &Loop{
		log:     log,
		loop:    loop,
		tap:     t,
		journal: openJournal(journal, log),
		intakes: make(map[*Intake]struct{}),
		sinks:   make(map[string]*sink),
		stamps:  make(map[string]*Stamp),
		out:     make([]byte, 0, outSize),
		timing:  timing{partial: 100 * time.Millisecond, open: time.Second, retry: time.Second},
		write:   unix.Write,
		take:    t.take,
	}, nil
}

// Run serves the loop until ctx is done or Close is called, then closes all
// descriptors. What is in the pipes at that time stays there, and with a journal
// a line that is begun stays open.
func (l *Loop) Run(ctx context.Context) error {
	err := l.loop.Run(ctx)
	l.loop.Close() // nothing is served any more, whatever ended it
	for in := range l.intakes {
		in.abandon()
	}
	l.tap.close()
	l.journal.close()
	return err
}

// Close ends Run; it may be called twice and from anywhere.
func (l *Loop) Close() { l.loop.Close() }

// call runs f on the loop's goroutine and waits for it. When it returns an
// error, f has not run and never will.
func (l *Loop) call(ctx context.Context, f func()) error {
	var claimed atomic.Bool
	done := make(chan struct{})
	ok := l.loop.Post(func() {
		defer close(done)
		if claimed.CompareAndSwap(false, true) {
			f()
		}
	})
	if !ok {
		return ErrClosed
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		if claimed.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-done
		return nil
	}
}

// enqueue gives in a turn after the events and turns that are due already.
func (l *Loop) enqueue(in *Intake) {
	if in.queued {
		return
	}
	in.queued = true
	l.ready = append(l.ready, in)
	if !l.queued {
		l.queued = true
		l.loop.Again(l.serve)
	}
}

func (l *Loop) serve() {
	l.queued = false
	turns := l.ready
	l.ready = l.spare[:0]
	for i, in := range turns {
		turns[i] = nil
		in.queued = false
		in.turn()
	}
	l.spare = turns
}

// stamp returns the compiled format, one for all intakes that use it.
func (l *Loop) stamp(format string) (*Stamp, error) {
	if s := l.stamps[format]; s != nil {
		return s, nil
	}
	s, err := ParseStamp(format)
	if err != nil {
		return nil, err
	}
	l.stamps[format] = s
	return s, nil
}
