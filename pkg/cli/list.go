package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func listCommand(c *ctl) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "show all processes",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all api.ListReply
			err := c.withDaemon(cmd.Context(), c.inTime(func(ctx context.Context) (err error) {
				all, err = c.client.ListHost(ctx)
				return err
			}))
			if err != nil {
				return err
			}
			if err := c.printRows(all.Rows, all.Host); err != nil {
				return err
			}
			for _, problem := range all.Problems {
				c.warn("%s", problem)
			}
			return nil
		},
	}
	c.tableFlags(cmd.Flags())
	return cmd
}

// list asks for the process table.
func (c *ctl) list(rows *[]api.Row) request {
	return c.inTime(func(ctx context.Context) (err error) {
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
	return c.printRows(rows, nil)
}

// printRows prints the table and, where it is known, the line about the machine
// in one write.
func (c *ctl) printRows(rows []api.Row, host *api.Host) error {
	if c.silent {
		return nil
	}
	sortRows(rows, c.sort)
	var buf []byte
	if c.mini {
		buf = appendMini(buf, rows)
	} else {
		buf = appendTable(buf, rows, c.terminalOf(c.Stdout))
	}
	if host != nil && !c.mini {
		buf = appendHost(buf, host)
	}
	_, err := c.Stdout.Write(buf)
	return err
}

// appendHost writes PM2's line about the machine.
func appendHost(buf []byte, h *api.Host) []byte {
	buf = fmt.Appendf(buf, "host metrics | cpu: %.1f%% | ram usage: %.1f%%", h.CPU, 100*float64(h.MemoryUsed)/float64(max(1, h.MemoryTotal)))
	if len(h.Load) == 3 {
		buf = fmt.Appendf(buf, " | load: %.2f %.2f %.2f", h.Load[0], h.Load[1], h.Load[2])
	}
	return append(buf, '\n')
}
