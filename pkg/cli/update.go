package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func updateCommand(c *ctl) *cobra.Command {
	var from, sum string
	cmd := &cobra.Command{
		Use:   "update",
		Short: "replace the running daemon by the hubd beside hubctl; apps run on",
		Long: `update makes the daemon execute the hubd that lies beside hubctl, within its own
process. Apps are neither restarted nor stopped, no line that they write is lost,
and whoever follows logs goes on. A hubd that can't take over leaves the running
one as it is. Where no daemon runs, one is started.

With --from the programs beside hubctl are replaced by those of a release's
tarball first, if its SHA-256 is the one in FILE.sha256 or SHA256SUMS beside it, or
the one given, if they are for this machine, and if they can read what HUB_HOME
holds. Should the daemon not get on with them, the old ones are put back. Where no
daemon runs none is started.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			switch {
			case from != "":
				return c.updateFrom(ctx, from, sum)
			case sum != "":
				return hint(errors.New("--checksum without an archive"), "name it: --from FILE")
			}
			return c.update(ctx)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "install this tarball of a release first: `FILE`.tar.gz")
	cmd.Flags().StringVar(&sum, "checksum", "", "the tarball's SHA-256 in `HEX`, instead of one in a file")
	return cmd
}

func (c *ctl) update(ctx context.Context) error {
	program, err := c.hubd()
	if err != nil {
		return err
	}
	var before, after api.DaemonReply
	err = c.inTime(func(ctx context.Context) (err error) {
		before, err = c.looker.Daemon(ctx)
		return err
	})(ctx)
	switch {
	case errors.Is(err, api.ErrNotRunning): // the one to start is the one to have
		err = c.startDaemon(ctx)
	case err == nil:
		c.info("Updating hubd %s, pid %d", before.Version, before.PID)
		if err = c.waiting(func(ctx context.Context) error { return c.looker.Update(ctx, program) })(ctx); isGone(err) {
			err = nil // its last words to us
		}
	}
	if err != nil {
		return err
	}
	if after, err = c.awaitOnline(ctx); err != nil {
		return err
	}
	if before.PID != 0 && after.PID != before.PID {
		return hint(fmt.Errorf("the daemon, pid %d, has ended over its update; hubd %s, pid %d, has taken over", before.PID, after.Version, after.PID),
			"see "+filepath.Join(c.Home, "hubd.log"))
	}
	c.info("[v] hubd %s runs, pid %d", after.Version, after.PID)
	return nil
}

// awaitOnline waits until a daemon has taken over all apps.
func (c *ctl) awaitOnline(ctx context.Context) (api.DaemonReply, error) {
	tick := time.NewTicker(rivalInterval)
	defer tick.Stop()
	for since := time.Now(); ; {
		d, err := c.signOfLife(ctx, startTime)
		switch {
		case err == nil && d.State == stateAdopting:
			since = time.Now() // that takes as long as it takes
		case err == nil:
			return d, nil
		case ctx.Err() != nil:
			return d, ctx.Err()
		case time.Since(since) > startTime:
			return d, hint(fmt.Errorf("no daemon answers after the update: %w", err), "see "+filepath.Join(c.Home, "hubd.log"))
		}
		select {
		case <-ctx.Done():
			return d, ctx.Err()
		case <-tick.C:
		}
	}
}
