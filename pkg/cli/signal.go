package cli

import (
	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func sendSignalCommand(c *ctl) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sendSignal <signal> <target…>",
		Short: "send a signal to the main process of apps",
		Long:  "sendSignal sends a signal, a name such as SIGUSR1 or HUP or a number, to the main process\nof each instance. What the app does with it is its own affair.\n\n" + targetHelp,
		Args:  needsEach("signal", "target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.actOn(cmd, api.ActCall{Action: api.ActionSignal, Signal: args[0], Targets: args[1:]})
		},
	}
	c.tableFlags(cmd.Flags())
	return cmd
}
