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

// withDaemon runs r, and where no daemon answers starts one and runs it again.
func (c *ctl) withDaemon(ctx context.Context, r request) error {
	err := r(ctx)
	if !errors.Is(err, api.ErrNotRunning) {
		return err
	}
	if err := c.startDaemon(ctx); err != nil {
		return err
	}
	return r(ctx)
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

// interruptible makes SIGINT and SIGTERM end the wait of a command, not the
// work that the daemon has begun.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, unix.SIGINT, unix.SIGTERM)
}
