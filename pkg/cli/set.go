package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/settings"
)

func setCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "set <setting> <value>",
		Short: "change a setting of the daemon, or a default for apps",
		Long: `set writes a setting into hubd.yaml in HUB_HOME; comments and order stay. A
setting of the daemon holds at once. A default for apps holds for those that
say nothing themselves and are started from their file or command line from then
on. hubctl get lists all settings.`,
		Args: exactly("setting", "value"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, value := args[0], args[1]
			if err := settings.Set(c.Home, name, value); err != nil {
				return err
			}
			return c.changed(cmd.Context(), name, "is "+value)
		},
	}
}

func unsetCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "unset <setting>",
		Short: "take a setting back to its default",
		Args:  exactly("setting"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			found, err := settings.Unset(c.Home, name)
			if err != nil {
				return err
			}
			if !found {
				c.info("%s was not set", name)
				return nil
			}
			return c.changed(cmd.Context(), name, "has its default again")
		},
	}
}

// changed says what a changed setting is and from when on, and tells a running
// daemon where it concerns it.
func (c *ctl) changed(ctx context.Context, name, what string) error {
	key, err := settings.Lookup(name)
	if err != nil {
		return err
	}
	if !key.Daemon {
		c.info("%s %s, for apps that don't give it themselves, from their next start from a file or command line on", name, what)
		return nil
	}
	switch err := c.inTime(c.client.ReadSettings)(ctx); {
	case errors.Is(err, api.ErrNotRunning):
		c.info("%s %s, from the daemon's next start on", name, what)
	case err != nil:
		return err
	default:
		c.info("%s %s, in the running daemon too", name, what)
	}
	return nil
}
