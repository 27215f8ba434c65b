package supervise

import (
	"context"
	"errors"
)

// ErrDeleted means that the instance is gone.
var ErrDeleted = errors.New("it was deleted")

// question is something that only the instance's goroutine may look at or do.
type question struct {
	f    func() error
	done chan<- error // capacity 1
}

// ask runs f on the instance's goroutine, between two messages, and returns its
// error. f must not block.
func (i *Instance) ask(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	if !i.mail.put(question{f, done}) {
		return ErrDeleted
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
