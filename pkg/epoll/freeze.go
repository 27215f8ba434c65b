package epoll

import "context"

// Freeze makes the loop stand still between two handlers until thaw is called, or
// returns ctx's error, or ErrClosed.
func (l *Loop) Freeze(ctx context.Context) (thaw func(), err error) {
	stands, thawed := make(chan struct{}), make(chan struct{})
	if !l.Post(func() { close(stands); <-thawed }) {
		return nil, ErrClosed
	}
	select {
	case <-stands:
		return func() { close(thawed) }, nil
	case <-ctx.Done():
		close(thawed)
		return nil, ctx.Err()
	}
}
