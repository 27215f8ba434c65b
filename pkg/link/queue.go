package link

import (
	"context"
	"errors"
	"time"

	"github.com/leadmaster/hub/pkg/epoll"
	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// retryAfter is how long the queue waits where nothing tells that there is room
// again: descriptors in flight are counted over all sockets of a user.
const retryAfter = 20 * time.Millisecond

// pending is a message that waits, with descriptors of its own.
type pending struct {
	message []byte
	fds     []int
}

// send sends a message, or queues it behind what waits. The descriptors stay the
// caller's.
func (l *Link) send(m keeper.Message, fds ...int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return
	}
	if len(l.queue) == 0 {
		l.buf = m.Append(l.buf[:0])
		if !l.waitsFor(keeper.Send(l.socket, l.buf, fds...)) {
			return
		}
	}
	l.queue = append(l.queue, duplicate(m, fds))
}

// duplicate leaves out what can't be duplicated: then one launch survives a
// daemon less well, which is better than none being started.
func duplicate(m keeper.Message, fds []int) pending {
	names := m.Names
	if len(fds) > 0 {
		m.Names = nil // which may be of files that are to be released, too
	}
	var p pending
	for i, fd := range fds {
		if d, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0); err == nil {
			p.fds = append(p.fds, d)
			m.Names = append(m.Names, names[i])
		}
	}
	p.message = m.Append(nil)
	return p
}

// waitsFor says whether a message with this result has to be sent again, and
// sees to it. Anything else that fails does so for ever: the keeper is gone,
// which its end of file will say, or the message is impossible.
func (l *Link) waitsFor(err error) bool {
	switch {
	case errors.Is(err, unix.EAGAIN):
		_ = l.watch.Modify(epoll.In | epoll.Out) // fails only when the loop has ended
		return true
	case errors.Is(err, unix.ETOOMANYREFS), errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.ENOMEM):
		_ = l.watch.Modify(epoll.In) // there is room for messages, so it would spin
		if l.retry == nil {
			l.retry = time.AfterFunc(retryAfter, l.tryAgain)
		}
		return true
	}
	return false
}

func (l *Link) tryAgain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retry = nil
	l.drain()
}

// drain sends what waits, as far as the socket takes it.
func (l *Link) drain() {
	if l.lost || l.retry != nil {
		return
	}
	for len(l.queue) > 0 {
		p := l.queue[0]
		if l.waitsFor(keeper.Send(l.socket, p.message, p.fds...)) {
			return
		}
		keeper.CloseAll(p.fds)
		l.queue[0] = pending{}
		l.queue = l.queue[1:]
	}
	l.queue = nil
	_ = l.watch.Modify(epoll.In)
	l.wakeFlushers()
}

// Flush waits until the socket has taken everything that was sent before.
func (l *Link) Flush(ctx context.Context) error {
	l.mu.Lock()
	if l.lost {
		l.mu.Unlock()
		return ErrLost
	}
	if len(l.queue) == 0 {
		l.mu.Unlock()
		return nil
	}
	empty := make(chan struct{})
	l.idle = append(l.idle, empty)
	l.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return ErrLost
	}
	return nil
}

func (l *Link) wakeFlushers() {
	for _, c := range l.idle {
		close(c)
	}
	l.idle = nil
}
