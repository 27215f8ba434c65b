package cli

import (
	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func reloadCommand(c *ctl) *cobra.Command {
	s := &starter{c: c, action: api.ActionReload, existing: api.ExistingReload}
	cmd := &cobra.Command{
		Use:   "reload <target…>",
		Short: "restart apps, those with reload: overlap without a gap",
		Long: `reload restarts apps. Where an app's file says reload: overlap, the next process
is started beside the old one, which ends when the next one is ready; when that
fails the old one serves on and the command says why. An app that came from a
file gets what the file says now. With a file, apps that do not run are started.

` + targetHelp,
		Args: needs(1, "target"),
	}
	s.onTargets(cmd)
	return cmd
}
