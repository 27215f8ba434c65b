package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func startOrRestartCommand(c *ctl) *cobra.Command {
	return startOrCommand(c, "startOrRestart", "start the apps of a file, restart those that run", api.ExistingRestart)
}

func startOrReloadCommand(c *ctl) *cobra.Command {
	return startOrCommand(c, "startOrReload", "start the apps of a file, reload those that run", api.ExistingReload)
}

// startOrCommand builds a command that takes files and nothing else.
func startOrCommand(c *ctl, word, short, existing string) *cobra.Command {
	s := &starter{c: c, spawns: true, existing: existing}
	cmd := &cobra.Command{
		Use:   word + " <file…>",
		Short: short,
		Args:  needs(1, "file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			for _, file := range files {
				if !isFile(file) {
					return hint(fmt.Errorf("%s is no ecosystem file", file), "hubctl start and restart take programs and apps")
				}
			}
			return s.run(cmd, files)
		},
	}
	s.addFlags(cmd.Flags())
	c.tableFlags(cmd.Flags())
	return cmd
}
