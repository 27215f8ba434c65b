package logs

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// Freeze stops the loop between two steps, with nothing half written and nothing
// half taken, until thaw is called, which must be: every other call on the loop
// waits. A program that is executed in this process's place meanwhile can go on
// with the same pipes and the same journal.
func (l *Loop) Freeze(ctx context.Context) (thaw func(), err error) {
	var claimed atomic.Bool
	frozen, thawed := make(chan struct{}), make(chan struct{})
	posted := l.loop.Post(func() {
		if claimed.CompareAndSwap(false, true) {
			close(frozen)
			<-thawed
		}
	})
	if !posted {
		return nil, fmt.Errorf("logs: %w", ErrClosed)
	}
	select {
	case <-frozen:
	case <-ctx.Done():
		if claimed.CompareAndSwap(false, true) {
			return nil, fmt.Errorf("logs: freeze: %w", ctx.Err())
		}
		<-frozen
	}
	return sync.OnceFunc(func() { close(thawed) }), nil
}
