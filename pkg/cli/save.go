package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func saveCommand(c *ctl) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "save",
		Short: "remember the list of apps for resurrect",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.info("Saving current process list...")
			var saved api.DumpReply
			err := c.withDaemon(cmd.Context(), c.inTime(func(ctx context.Context) (err error) {
				saved, err = c.client.Dump(ctx, force)
				return err
			}))
			var e *api.Error
			if !force && errors.As(err, &e) && e.Code == api.CodeRefused {
				// Exit code 0, as scripts that save after each change expect.
				c.warn("%s, skipping save...", e.Message)
				c.warn("To force saving use: hubctl save --force")
				return nil
			}
			if err != nil {
				return err
			}
			c.info("Successfully saved in %s", saved.Path)
			return nil
		},
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "save the list even if it is empty")
	return cmd
}
