package cli

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// request is a call to the daemon.
type request func(ctx context.Context) error

// answerTime is what a daemon gets for an answer that needs no waiting for
// apps.
const answerTime = 10 * time.Second

// maxTries bounds how often a request is made anew for a daemon that is gone
// again by then.
const maxTries = 3

// withDaemon runs r, and where no daemon answers starts one and runs it again.
// A daemon that is just ending is waited for.
func (c *ctl) withDaemon(ctx context.Context, r request) error {
	for tries := 1; ; tries++ {
		err := r(ctx)
		switch {
		case tries == maxTries:
			return err
		case errors.Is(err, api.ErrNotRunning):
		case errors.Is(err, api.ErrNoAnswer), isEnding(err):
			if err := c.waitEnded(ctx); err != nil {
				return err
			}
		default:
			return err
		}
		if err := c.startDaemon(ctx); err != nil {
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
		d, err := c.client.Daemon(ctx)
		if err != nil || d.State != "stopping" {
			return nil
		}
		select {
		case <-ctx.Done():
			return hint(errors.New("the daemon is ending and has not ended yet"), "its apps may take their kill_timeout; try again in a moment")
		case <-tick.C:
		}
	}
}

// inTime gives up on a daemon that takes the connection but does not answer.
func inTime(r request) request {
	return func(ctx context.Context) error {
		limited, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		err := r(limited)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return hint(fmt.Errorf("the daemon has not answered for %s", answerTime),
				"its pid is in hubd.pid in HUB_HOME; send it SIGABRT to see in hubd.log where it hangs")
		}
		return err
	}
}

// answering asks the daemon for a sign of life before r, which may take as long
// as apps do: a daemon that hangs must not hang us.
func (c *ctl) answering(r request) request {
	alive := inTime(func(ctx context.Context) error {
		_, err := c.client.Daemon(ctx)
		return err
	})
	return func(ctx context.Context) error {
		if err := alive(ctx); err != nil {
			return err
		}
		return r(ctx)
	}
}

// interruptible makes SIGINT and SIGTERM end the wait of a command, not the
// work that the daemon has begun.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, unix.SIGINT, unix.SIGTERM)
}
