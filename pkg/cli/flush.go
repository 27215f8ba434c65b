package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func flushCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "flush [target…]",
		Short: "empty the log files of all apps and of the daemon, or of some apps",
		RunE: func(cmd *cobra.Command, args []string) error {
			var files []string
			err := c.inTime(func(ctx context.Context) error {
				targets, err := c.seenTargets(ctx, args)
				if err == nil {
					files, err = c.client.LogControl(ctx, api.LogControlCall{Action: api.ActionFlush, Targets: targets})
				}
				return err
			})(cmd.Context())
			if err != nil {
				return err
			}
			c.info("Flushing:")
			for _, file := range files {
				c.info("%s", file)
			}
			c.info("Logs flushed")
			return nil
		},
	}
}
