package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func resurrectCommand(c *ctl) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resurrect",
		Short: "start the saved apps that are not there",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			c.info("Resurrecting")
			out := c.newOutcome(0)
			var path string
			err := c.withDaemon(ctx, c.answering(out.repeated(true, func(ctx context.Context, since int64) (err error) {
				path, err = c.client.Resurrect(ctx, api.ResurrectCall{Since: since}, out.each)
				return err
			})))
			if err := out.fail(err); err != nil {
				return err
			}
			if path != "" {
				out.progress.clear()
				c.info("Restored processes located in %s", path)
			}
			out.done = err == nil
			return out.finish(ctx)
		},
	}
	c.tableFlags(cmd.Flags())
	return cmd
}
