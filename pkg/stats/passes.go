package stats

import (
	"context"
	"sync"
	"time"
)

// passes runs one pass at a time for everybody who asks.
type passes struct {
	run func() (*Snapshot, error)

	mu      sync.Mutex
	running bool
	next    *pass     // not begun; whoever asks now shares it
	last    *Snapshot // of the last pass that succeeded
}

type pass struct {
	done chan struct{} // closed when the rest is set
	snap *Snapshot
	err  error
}

// fresh returns a snapshot whose pass begins after the call.
func (p *passes) fresh(ctx context.Context) (*Snapshot, error) {
	next := p.join()
	select {
	case <-next.done:
		return next.snap, next.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// recent returns the last snapshot if its pass began at most maxAge ago, else a
// fresh one.
func (p *passes) recent(ctx context.Context, maxAge time.Duration) (*Snapshot, error) {
	p.mu.Lock()
	last := p.last
	p.mu.Unlock()
	if last != nil && time.Since(last.At) <= maxAge {
		return last, nil
	}
	return p.fresh(ctx)
}

func (p *passes) join() *pass {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = &pass{done: make(chan struct{})}
	}
	if !p.running {
		p.running = true
		go p.work()
	}
	return p.next
}

// work runs passes until nobody waits for another.
func (p *passes) work() {
	for current := p.begin(); current != nil; current = p.begin() {
		current.snap, current.err = p.run()
		if current.err == nil {
			p.mu.Lock()
			p.last = current.snap
			p.mu.Unlock()
		}
		close(current.done)
	}
}

func (p *passes) begin() *pass {
	p.mu.Lock()
	defer p.mu.Unlock()
	current := p.next
	p.next = nil
	p.running = current != nil
	return current
}
