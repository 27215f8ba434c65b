package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func killCommand(c *ctl) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "kill",
		Short: "stop all apps and the daemon, or the daemon alone",
		Long: `kill stops all apps, each within its own time, and then the daemon and its keeper.
Where no daemon runs but apps of one do, a daemon is started that ends them.

With --keep-apps apps run on. Nobody restarts them or reads what they write until
the next hubctl command, whichever it is, starts a daemon that takes them over.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			end := c.kill
			if keep {
				end = c.leave
			}
			err := end(ctx)
			if err == nil {
				err = c.awaitUnit(ctx)
			}
			if errors.Is(err, api.ErrNotRunning) {
				c.info("no daemon was running")
				return nil
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&keep, "keep-apps", false, "leave the apps to the next daemon")
	return cmd
}

func (c *ctl) kill(ctx context.Context) error {
	c.client.Absent = c.reviveAny
	return c.end(ctx)
}

// end ends all apps, the daemon and its keeper.
func (c *ctl) end(ctx context.Context) error {
	failed := false
	daemon, err := c.endDaemon(ctx, func(ctx context.Context) error {
		failed = false
		return c.client.Kill(ctx, func(results []api.Result) {
			for i := range results {
				if r := &results[i]; r.Error != "" {
					c.printFailure("["+r.Name+"] "+r.Error, r.Stderr, r.Hint)
					failed = true
				}
			}
		})
	})
	if err != nil {
		return err
	}
	defer daemon.release()
	c.info("[v] All Applications Stopped")
	if err := c.awaitEnd(daemon); err != nil {
		return err
	}
	if failed {
		return errReported
	}
	return nil
}

// leave ends the daemon and its keeper and tells what goes on without them.
func (c *ctl) leave(ctx context.Context) error {
	c.client.Absent = nil // to start one would be of no use
	running := 0
	daemon, err := c.endDaemon(ctx, func(ctx context.Context) error {
		rows, err := c.client.List(ctx)
		if err != nil {
			return err
		}
		running = 0
		for i := range rows {
			if rows[i].PID != 0 {
				running++
			}
		}
		return c.client.Leave(ctx)
	})
	if err != nil {
		return err
	}
	defer daemon.release()
	if err := c.awaitEnd(daemon); err != nil {
		return err
	}
	if running > 0 {
		c.info("%s left running without a daemon; the next hubctl command takes over", plural(running, "instance"))
	}
	return nil
}

// endDaemon makes a request that ends the daemon, again of the next one when it
// dies over that, and returns the processes that are ending.
func (c *ctl) endDaemon(ctx context.Context, r request) (*endings, error) {
	var daemon *endings
	err := c.repeated(func(ctx context.Context, since int64) error {
		next, err := c.holdDaemon(ctx)
		if since != 0 && errors.Is(err, api.ErrNotRunning) {
			return nil // it was done when the connection ended
		}
		if err != nil {
			return err
		}
		daemon.release()
		daemon = next
		return c.waiting(r)(ctx)
	})(ctx)
	if err != nil {
		daemon.release()
		return nil, err
	}
	return daemon, nil
}

// awaitUnit waits until systemd knows that its unit has ended, where the daemon was
// systemd's.
func (c *ctl) awaitUnit(ctx context.Context) error {
	u := c.unit()
	if u == nil {
		return nil
	}
	return c.awaitInactive(ctx, u)
}

func (c *ctl) awaitEnd(daemon *endings) error {
	if err := daemon.await(endTime); err != nil {
		return hint(err, fmt.Sprintf("hubd.log in %s tells what it does", c.Home))
	}
	c.info("[v] hub Daemon Stopped")
	return nil
}
