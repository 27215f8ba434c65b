package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func idCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "id <name>",
		Short: "print the ids of an app's instances",
		Args:  exactly("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := c.find(cmd.Context(), args)
			if err != nil {
				return err
			}
			var ids []string
			for i := range rows {
				ids = append(ids, strconv.Itoa(rows[i].ID))
			}
			text := "[]"
			if len(ids) > 0 {
				text = "[ " + strings.Join(ids, ", ") + " ]"
			}
			_, err = fmt.Fprintln(c.Stdout, text)
			return err
		},
	}
}

func pidCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "pid [name]",
		Short: "print the process ids of an app, or of all; 0 for one that is down",
		RunE: func(cmd *cobra.Command, args []string) error {
			rows, err := c.find(cmd.Context(), args)
			if err != nil {
				return err
			}
			var b strings.Builder
			for i := range rows {
				b.WriteString(strconv.Itoa(rows[i].PID) + "\n")
			}
			if len(rows) == 0 {
				b.WriteByte('\n')
			}
			_, err = c.Stdout.Write([]byte(b.String()))
			return err
		},
	}
}

// find returns the rows of targets. PM2 answers nothing and exit code 0 for an
// unknown one, and scripts rely on it: that is a warning here.
func (c *ctl) find(ctx context.Context, targets []string) (rows []api.Row, err error) {
	err = c.inTime(func(ctx context.Context) (err error) {
		seen, err := c.seenTargets(ctx, targets)
		if err == nil {
			rows, err = c.client.List(ctx, seen...)
		}
		return err
	})(ctx)
	var e *api.Error
	if errors.As(err, &e) && e.Code == api.CodeNotFound {
		c.warn("%s", e.Message)
		return nil, nil
	}
	return rows, err
}
