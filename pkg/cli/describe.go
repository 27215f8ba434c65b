package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func describeCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "describe <target>",
		Short: "show everything about an app",
		Long:  "describe shows the settings, the state and the recent events of each instance of an app.\n\n" + targetHelp,
		Args:  exactly("target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var all []api.Process
			err := c.inTime(func(ctx context.Context) error {
				targets, err := c.seenTargets(ctx, args)
				if err == nil {
					all, err = c.client.Processes(ctx, true, targets...)
				}
				return err
			})(cmd.Context())
			if err != nil {
				return err
			}
			if len(all) == 0 {
				return hint(fmt.Errorf("%s doesn't exist", args[0]), "hubctl list shows what there is")
			}
			var buf []byte
			term := c.terminalOf(c.Stdout)
			for i := range all {
				buf = appendProcess(buf, &all[i], term)
			}
			_, err = c.Stdout.Write(buf)
			return err
		},
	}
}
