package link

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/epoll"
	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// ErrLost is returned by Flush when the keeper is gone.
var ErrLost = errors.New("link: the keeper is gone")

// Handlers are called on the loop's goroutine and must not block.
type Handlers struct {
	// Exited reports how the main process of a launch ended. It is repeated, to
	// later daemons too, until Recorded has the number of the report.
	Exited func(key string, pid int, e keeper.Exit)
	// Stray tells of a child of the keeper that has ended while a launch was in
	// the air: Forked with its pid makes it that launch. It is told before the pid
	// is free, so who is no longer found in /proc was told of. It may be nil.
	Stray func(keeper.Stray)
	// Alive asks for a sign of life: Healthy, from anywhere, within some seconds.
	Alive func()
	// Leaves says that systemd ends the unit that the keeper is the main process of, or
	// starts it anew: the keeper ends upon Detached, or a while later. It may be nil.
	Leaves func()
	// Lost says that the keeper is gone. It is called once, not after Close.
	Lost func()
}

// Link is the connection to the keeper. Its methods may be called from anywhere.
type Link struct {
	on       Handlers
	receiver keeper.Receiver // the loop's

	mu     sync.Mutex // held for calls that do not block; taken before the loop's lock
	socket int        // -1 after Close
	watch  *epoll.Watch
	lost   bool
	queue  []pending
	buf    []byte          // for the message that is sent
	retry  *time.Timer     // runs while the socket is full of descriptors
	idle   []chan struct{} // closed when the queue is empty, or never will be
}

// New takes over the daemon's end of the socket and makes it close-on-exec. On
// an error the socket stays the caller's. A loop that runs already may call the
// handlers before New returns.
func New(loop *epoll.Loop, socket int, on Handlers) (*Link, error) {
	if err := keeper.Inherit(false, socket); err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	l := &Link{on: on, socket: socket}
	l.mu.Lock() // the loop may be quicker than Add
	defer l.mu.Unlock()
	watch, err := loop.Add(socket, epoll.In, l.ready)
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	l.watch = watch
	return l, nil
}

// Close ends the link; it may be called twice. What is in the queue is not sent.
func (l *Link) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.socket < 0 {
		return
	}
	l.giveUp()
	_ = unix.Close(l.socket)
	l.socket = -1
}

// giveUp stops watching and throws the queue away.
func (l *Link) giveUp() {
	l.lost = true
	l.watch.Remove()
	for _, p := range l.queue {
		keeper.CloseAll(p.fds)
	}
	l.queue = nil
	l.wakeFlushers()
}

// ready is the loop's handler.
func (l *Link) ready(events uint32) {
	if events&epoll.Out != 0 {
		l.mu.Lock()
		l.drain()
		l.mu.Unlock()
	}
	for {
		m, fds, err := l.receive()
		switch {
		case err == nil:
			keeper.CloseAll(fds) // the keeper sends none
			l.handle(m)
		case errors.Is(err, keeper.ErrMalformed):
		case errors.Is(err, unix.EAGAIN), errors.Is(err, errClosed):
			return
		default:
			l.lose()
			return
		}
	}
}

// errClosed is never seen outside.
var errClosed = errors.New("link: closed")

func (l *Link) receive() (keeper.Message, []int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return keeper.Message{}, nil, errClosed
	}
	return l.receiver.Receive(l.socket)
}

// handle skips what a later keeper may say.
func (l *Link) handle(m keeper.Message) {
	switch m.Kind {
	case keeper.KindExited:
		l.on.Exited(string(m.Key), m.PID, keeper.Exit{Report: m.Report, Status: m.Status})
	case keeper.KindStray:
		if l.on.Stray != nil {
			l.on.Stray(keeper.Stray{PID: m.PID, Session: m.Session, Start: m.Start, Status: m.Status})
		}
	case keeper.KindAlive:
		l.on.Alive()
	case keeper.KindLeaves:
		if l.on.Leaves != nil {
			l.on.Leaves()
		}
	}
}

func (l *Link) lose() {
	l.mu.Lock()
	first := !l.lost
	if first {
		l.giveUp()
	}
	l.mu.Unlock()
	if first {
		l.on.Lost()
	}
}
