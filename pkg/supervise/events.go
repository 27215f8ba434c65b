package supervise

import "sync"

// subscriberQueue is how many events a subscriber may be behind before it is
// cut off: a slow reader must not grow the daemon.
const subscriberQueue = 256

// bus hands events to whoever follows them.
type bus struct {
	mu   sync.Mutex // guards subs
	subs map[*Subscription]struct{}
}

// Subscription receives events until it is closed or falls too far behind; then
// C is closed.
type Subscription struct {
	C   <-chan Event
	c   chan Event
	bus *bus
}

func (b *bus) subscribe() *Subscription {
	c := make(chan Event, subscriberQueue)
	s := &Subscription{C: c, c: c, bus: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = make(map[*Subscription]struct{})
	}
	b.subs[s] = struct{}{}
	return s
}

func (b *bus) publish(ev Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		select {
		case s.c <- ev:
		default:
			delete(b.subs, s)
			close(s.c)
		}
	}
}

// offer publishes an event that may be missed: only to those who are less than
// half of what is allowed behind, so that it can't cut anybody off.
func (b *bus) offer(ev Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		if len(s.c) < subscriberQueue/2 {
			s.c <- ev // only publish and offer send, and both hold mu
		}
	}
}

// followed reports whether anybody listens.
func (b *bus) followed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs) > 0
}

// Close ends the subscription; it may be called twice.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	if _, ok := s.bus.subs[s]; ok {
		delete(s.bus.subs, s)
		close(s.c)
	}
}
