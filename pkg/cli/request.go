package cli

import (
	"context"
	"errors"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// request is a call to the daemon.
type request func(ctx context.Context) error

// maxTries bounds how often a request is made anew for a daemon that is gone
// again by then.
const maxTries = 5

// withDaemon runs r, and where no daemon answers starts one and runs it again.
// A daemon that is just ending is waited for.
func (c *ctl) withDaemon(ctx context.Context, r request) error {
	for tries := 1; ; tries++ {
		err := r(ctx)
		switch {
		case tries == maxTries:
			return err
		case errors.Is(err, api.ErrNotRunning):
			err = c.startDaemon(ctx)
		case isEnding(err):
			err = c.waitEnded(ctx)
		default:
			return err
		}
		if err != nil {
			return err
		}
	}
}

func isEnding(err error) bool {
	var e *api.Error
	return errors.As(err, &e) && e.Code == api.CodeEnding
}

// waitEnded waits until nobody answers on the socket.
func (c *ctl) waitEnded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(rivalInterval)
	defer tick.Stop()
	for {
		d, err := c.looker.Daemon(ctx)
		if err != nil || d.State != stateStopping {
			return nil
		}
		select {
		case <-ctx.Done():
			return hint(errors.New("the daemon is ending and has not ended yet"), "its apps may take their kill_timeout; try again in a moment")
		case <-tick.C:
		}
	}
}

// inTime makes a request for what needs no waiting for apps: it gives up on a
// daemon that does not answer, and asks the next one when it dies over it. So r
// may run several times and has to begin anew each time; it only looks, or does
// what is the same done twice.
func (c *ctl) inTime(r request) request {
	again := c.repeated(func(ctx context.Context, _ int64) error { return r(ctx) })
	return func(ctx context.Context) error {
		return c.watched(ctx, answerTime, func(ctx context.Context, _ func()) error { return again(ctx) })
	}
}

// answering makes a request of r, which may take as long as apps do. The daemon
// is asked for a sign of life first: what is reported as failed since it hangs
// must not wait in its socket and be done all the same by the next daemon.
func (c *ctl) answering(r request) request {
	alive := c.inTime(func(ctx context.Context) error {
		_, err := c.client.Daemon(ctx)
		return err
	})
	return func(ctx context.Context) error {
		if err := alive(ctx); err != nil {
			return err
		}
		return c.waiting(r)(ctx)
	}
}

// waiting is answering for a daemon that has given a sign of life just now.
func (c *ctl) waiting(r request) request {
	return func(ctx context.Context) error {
		return c.watched(ctx, 0, func(ctx context.Context, _ func()) error { return r(ctx) })
	}
}

// attempt is a request that is made of the next daemon when one has died over
// it, which may have done some of it, or all. since is 0 at first, and then when
// it was made first, in ms since the epoch.
type attempt func(ctx context.Context, since int64) error

// repeated makes a request that outlives daemons. The keeper has the next one
// within some 30 ms, and meanwhile connections wait in the socket's queue, so
// nothing needs to be waited for here. Where none comes, the daemon was ended on
// purpose; a request that is made anew for one that is started then still counts
// from the first attempt.
func (c *ctl) repeated(r attempt) request {
	var since int64
	return func(ctx context.Context) error {
		for tries := 1; ; tries++ {
			now := time.Now().UnixMilli()
			err := r(ctx, since)
			switch {
			case since != 0 && errors.Is(err, api.ErrNotRunning):
				return errGone()
			case !isGone(err):
				return err
			}
			if since == 0 {
				since = now
			}
			if tries == maxTries {
				return err
			}
		}
	}
}

// interruptible makes SIGINT and SIGTERM end the wait of a command, not the
// work that the daemon has begun.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, unix.SIGINT, unix.SIGTERM)
}
