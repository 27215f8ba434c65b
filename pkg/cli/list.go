package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func listCommand(c *ctl) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "show all processes",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rows []api.Row
			if err := c.withDaemon(cmd.Context(), c.list(&rows)); err != nil {
				return err
			}
			return c.printRows(rows)
		},
	}
	c.tableFlags(cmd.Flags())
	return cmd
}

// list asks for the process table.
func (c *ctl) list(rows *[]api.Row) request {
	return inTime(func(ctx context.Context) (err error) {
		*rows, err = c.client.List(ctx)
		return err
	})
}

// showTable prints the process table after a command that changed it.
func (c *ctl) showTable(ctx context.Context) error {
	if c.silent {
		return nil
	}
	var rows []api.Row
	if err := c.list(&rows)(ctx); err != nil {
		return err
	}
	return c.printRows(rows)
}

// printRows prints the table in one write.
func (c *ctl) printRows(rows []api.Row) error {
	if c.silent {
		return nil
	}
	if err := sortRows(rows, c.sort); err != nil {
		return err
	}
	var buf []byte
	if c.mini {
		buf = appendMini(buf, rows)
	} else {
		buf = appendTable(buf, rows, c.terminalOf(c.Stdout))
	}
	_, err := c.Stdout.Write(buf)
	return err
}
