package cli

import (
	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func sendCommand(c *ctl) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "send <target> <line>",
		Short: "write a line to the standard input of an app",
		Long:  "send writes a line, with a line break behind it, to the standard input of each instance\nthat the target means.\n\n" + targetHelp,
		Args:  exactly("target", "line"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.actOn(cmd, api.ActCall{Action: api.ActionSend, Targets: args[:1], Line: &args[1]})
		},
	}
	c.tableFlags(cmd.Flags())
	return cmd
}
