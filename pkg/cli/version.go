package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func versionCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.Stdout, api.Version)
			return err
		},
	}
}
