package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func reloadLogsCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "reloadLogs [target…]",
		Short: "open log files anew, after logrotate or the like has moved them",
		Long: `reloadLogs makes the daemon write to the files that the log paths name now, of
all apps and its own, or of some apps. Nothing is lost: until then lines go to
the files that were moved.

` + targetHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := c.inTime(func(ctx context.Context) error {
				targets, err := c.seenTargets(ctx, args)
				if err == nil {
					_, err = c.client.LogControl(ctx, api.LogControlCall{Action: api.ActionReopen, Targets: targets})
				}
				return err
			})(cmd.Context())
			if err != nil {
				return err
			}
			c.info("All logs reloaded")
			return nil
		},
	}
}
