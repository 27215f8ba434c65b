package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// signals are those that end the daemon, and those that others would be ended by.
type signals struct{ ends, rest chan os.Signal }

func newSignals() *signals {
	return &signals{ends: make(chan os.Signal, 1), rest: make(chan os.Signal, 1)}
}

// catch has the signals caught, again after they were ignored. Notify, not Ignore:
// an ignored signal would be inherited by the apps, and one that was ignored when we
// were started is not any more.
func (s *signals) catch() {
	signal.Notify(s.rest, syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGXFSZ)
	signal.Notify(s.ends, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
}

// context is done with the first signal that ends us. A second one does so at once.
func (s *signals) context() (ctx context.Context, stop context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		select {
		case sig := <-s.ends:
			signal.Stop(s.ends)
			cancel(errors.New(sig.String() + " signal received"))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
