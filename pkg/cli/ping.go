package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func pingCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "ping",
		Short: "ask whether the daemon answers, starting it if there is none",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var d api.DaemonReply
			err := c.withDaemon(cmd.Context(), c.inTime(func(ctx context.Context) (err error) {
				d, err = c.client.Daemon(ctx)
				return err
			}))
			if err != nil {
				return err
			}
			if d.Version != api.Version {
				c.warn("hubd is version %s, hubctl %s", d.Version, api.Version)
			}
			_, err = fmt.Fprintln(c.Stdout, "{ msg: 'pong' }")
			return err
		},
	}
}
