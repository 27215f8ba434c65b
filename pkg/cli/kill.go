package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// endTime is how long a daemon may take to end after its apps have.
const endTime = 10 * time.Second

func killCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "kill",
		Short: "stop all apps and the daemon",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			err := c.kill(ctx)
			if errors.Is(err, api.ErrNotRunning) {
				c.info("no daemon was running")
				return nil
			}
			return err
		},
	}
}

func (c *ctl) kill(ctx context.Context) error {
	var d api.DaemonReply
	err := inTime(func(ctx context.Context) (err error) {
		d, err = c.client.Daemon(ctx)
		return err
	})(ctx)
	if err != nil {
		return err
	}
	// Held from before the end, so that it cannot mean another process.
	process, err := unix.PidfdOpen(d.PID, 0)
	if err != nil {
		return fmt.Errorf("watch the daemon, pid %d: %w", d.PID, err)
	}
	defer unix.Close(process)
	failed := false
	err = c.client.Kill(ctx, func(results []api.Result) {
		for i := range results {
			if r := &results[i]; r.Error != "" {
				c.printFailure("["+r.Name+"] "+r.Error, r.Stderr, r.Hint)
				failed = true
			}
		}
	})
	if err != nil {
		return err
	}
	c.info("[v] All Applications Stopped")
	if err := awaitEnd(process); err != nil {
		return hint(fmt.Errorf("the daemon, pid %d: %w", d.PID, err), "hubd.log in HUB_HOME tells what it does")
	}
	c.info("[v] hub Daemon Stopped")
	if failed {
		return errReported
	}
	return nil
}

// awaitEnd waits for the end of a process: its pidfd is then readable
// (pidfd_open(2)).
func awaitEnd(pidfd int) error {
	deadline := time.Now().Add(endTime)
	for {
		fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(time.Until(deadline).Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("poll: %w", err)
		case n == 0:
			return fmt.Errorf("has not ended within %s", endTime)
		}
		return nil
	}
}
