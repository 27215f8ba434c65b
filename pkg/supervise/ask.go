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

// ask has f run on the instance's goroutine, after the messages before it, and
// returns where its error will be. f must not block.
func (i *Instance) ask(f func() error) <-chan error {
	done := make(chan error, 1)
	if !i.mail.put(question{f, done}) {
		done <- ErrDeleted
	}
	return done
}

// answered waits for the answer to a question.
func answered(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
