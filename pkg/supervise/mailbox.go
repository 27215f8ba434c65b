package supervise

import "sync"

// mailbox is the unbounded queue in front of an instance. Putting never blocks,
// so the loop that tells of exits can't be held up by an instance that forks.
type mailbox struct {
	mu     sync.Mutex // guards the fields below
	queue  []any
	closed bool
	wake   chan struct{} // capacity 1: something is queued
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// put queues a message; false means that nobody will ever read it.
func (b *mailbox) put(msg any) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.queue = append(b.queue, msg)
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return true
}

// take returns what is queued, oldest first.
func (b *mailbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	q := b.queue
	b.queue = nil
	return q
}

// close refuses further messages and returns those that nobody has read.
func (b *mailbox) close() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	q := b.queue
	b.queue = nil
	return q
}
