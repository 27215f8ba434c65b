// Package epoll is one goroutine that tells owners that a descriptor is ready.
// It has no policy: it knows descriptors, callbacks and nothing else.
//
// The loop's own epoll descriptor is handed to Go's poller, so an idle loop
// holds no thread (epoll(7): an epoll descriptor is itself readable when an
// event is pending).
package epoll

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Events that a Handler can wait for (epoll_ctl(2)).
const (
	In            = unix.EPOLLIN
	Out           = unix.EPOLLOUT
	Hup           = unix.EPOLLHUP
	Err           = unix.EPOLLERR
	EdgeTriggered = unix.EPOLLET
	OneShot       = unix.EPOLLONESHOT
)

// A Handler is called on the loop's goroutine with the events that are ready.
type Handler func(events uint32)

// Loop watches descriptors. Handlers and posted functions run one at a time on
// the goroutine that called Run, so what only they touch needs no lock.
type Loop struct {
	epoll *os.File
	epfd  int
	wake  int // eventfd
	again []func()

	mu     sync.Mutex // guards the fields below; never held while a handler runs
	next   uint64
	watch  map[uint64]*Watch
	posted []func()
	closed bool
}

// Watch is one watched descriptor. The descriptor stays its owner's.
type Watch struct {
	loop    *Loop
	fd      int
	token   uint64
	handler Handler
}

// ErrClosed is returned by Add after Close.
var ErrClosed = errors.New("epoll: loop is closed")

// New makes a loop; Run must be called to serve it.
func New() (*Loop, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epfd)
		return nil, fmt.Errorf("epoll: eventfd: %w", err)
	}
	l := &Loop{epfd: epfd, wake: wake, watch: make(map[uint64]*Watch)}
	// Token 0 is the wake-up descriptor; tokens, not descriptor numbers, name
	// the watches, so a stale event of a closed and reused number finds nobody.
	if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, wake, event(In, 0)); err != nil {
		unix.Close(epfd)
		unix.Close(wake)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if err := unix.SetNonblock(epfd, true); err != nil {
		unix.Close(epfd)
		unix.Close(wake)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	l.epoll = os.NewFile(uintptr(epfd), "epoll")
	return l, nil
}

func event(events uint32, token uint64) *unix.EpollEvent {
	return &unix.EpollEvent{Events: events, Fd: int32(token), Pad: int32(token >> 32)}
}

// Add watches fd and calls h on the loop's goroutine. The caller keeps owning
// fd and must Remove the watch before closing it.
func (l *Loop) Add(fd int, events uint32, h Handler) (*Watch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	l.next++
	w := &Watch{loop: l, fd: fd, token: l.next, handler: h}
	if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, fd, event(events, w.token)); err != nil {
		return nil, fmt.Errorf("epoll: watch descriptor %d: %w", fd, err)
	}
	l.watch[w.token] = w
	return w, nil
}

// Modify replaces the events that are waited for.
func (w *Watch) Modify(events uint32) error {
	w.loop.mu.Lock()
	defer w.loop.mu.Unlock()
	if w.loop.watch[w.token] != w {
		return ErrClosed
	}
	return unix.EpollCtl(w.loop.epfd, unix.EPOLL_CTL_MOD, w.fd, event(events, w.token))
}

// Remove ends the watch; it may be called twice. When it is called on the
// loop's goroutine the handler is never called again. From elsewhere one call
// may be under way.
func (w *Watch) Remove() {
	w.loop.mu.Lock()
	defer w.loop.mu.Unlock()
	if w.loop.watch[w.token] != w {
		return
	}
	delete(w.loop.watch, w.token)
	// The descriptor is still open, so this can only fail for a number that
	// its owner closed too early; there is nothing left to undo then.
	_ = unix.EpollCtl(w.loop.epfd, unix.EPOLL_CTL_DEL, w.fd, nil)
}

// Post runs f on the loop's goroutine, after what was posted before. It reports
// false when the loop is closed and f will never run.
func (l *Loop) Post(f func()) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.posted = append(l.posted, f)
	first := len(l.posted) == 1
	if first {
		var one = [8]byte{1}
		_, _ = unix.Write(l.wake, one[:]) // an eventfd write of 1 can't fail below 2^64-1
	}
	l.mu.Unlock()
	return true
}

// Again runs f after the events that are ready now. It is for the loop's
// goroutine only, which spares it the wake-up of Post.
func (l *Loop) Again(f func()) { l.again = append(l.again, f) }

// Run serves the loop until ctx is done or Close is called.
func (l *Loop) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, l.Close)
	defer stop()
	raw, err := l.epoll.SyscallConn()
	if err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	events := make([]unix.EpollEvent, 128)
	for {
		var n int // 0: only what is to be done again
		var waitErr error
		err := raw.Read(func(fd uintptr) bool {
			for {
				n, waitErr = unix.EpollWait(int(fd), events, 0)
				if waitErr != unix.EINTR {
					return n != 0 || waitErr != nil || len(l.again) > 0
				}
			}
		})
		if err != nil || waitErr != nil {
			closed := l.isClosed()
			l.Close() // nobody may wait for what will never run
			l.release()
			if closed {
				return nil
			}
			return fmt.Errorf("epoll: wait: %w", errors.Join(err, waitErr))
		}
		for _, ev := range events[:n] {
			token := uint64(uint32(ev.Fd)) | uint64(uint32(ev.Pad))<<32
			if token == 0 {
				var drain [8]byte
				_, _ = unix.Read(l.wake, drain[:])
				l.runPosted()
				continue
			}
			l.mu.Lock()
			w := l.watch[token]
			l.mu.Unlock()
			if w != nil {
				w.handler(ev.Events)
			}
		}
		again := l.again
		l.again = nil
		for _, f := range again {
			f()
		}
		if l.isClosed() {
			l.release()
			return nil
		}
	}
}

func (l *Loop) runPosted() {
	l.mu.Lock()
	posted := l.posted
	l.posted = nil
	l.mu.Unlock()
	for _, f := range posted {
		f()
	}
}

func (l *Loop) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// Close ends Run; it may be called twice and from anywhere. Watched descriptors
// stay open, they are their owners'.
func (l *Loop) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	var one = [8]byte{1}
	_, _ = unix.Write(l.wake, one[:])
}

// release runs what was posted before Close, so that no waiter is left, and
// closes the loop's own descriptors.
func (l *Loop) release() {
	l.runPosted()
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.watch)
	_ = l.epoll.Close()
	_ = unix.Close(l.wake)
}
