package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

// defaultLines is PM2's length of the tail.
const defaultLines = 15

// defaultTimestamp is PM2's format of logs --timestamp.
const defaultTimestamp = "YYYY-MM-DD-HH:mm:ss"

func logsCommand(c *ctl) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:   "logs [target…]",
		Short: "show the last lines of log files and follow them",
		Long: `logs shows the last lines that apps have written and then follows them, across
restarts, until it is interrupted. Without a target it shows all apps and the
daemon's own log, which the target hubd names alone.

--json prints each line as an object with the keys message, timestamp, type (out,
err), process_id, app_name and position. A timestamp is the line's own, in the
app's log_date_format; where the file has none, it is the time at which the line
was read, in ISO 8601, and null for lines that were there before. position is
where the line ends in its file: --follow-from goes on exactly behind it. A
position that the file does not have, since it was emptied or replaced, is an
error.

` + targetHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd.Flags()); err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return c.logs(ctx, args, o)
		},
	}
	o.declare(cmd.Flags())
	return cmd
}

func (c *ctl) logs(ctx context.Context, targets []string, o logOptions) error {
	args := targets
	err := c.inTime(func(ctx context.Context) (err error) {
		targets, err = c.seenTargets(ctx, args)
		return err
	})(ctx)
	if err != nil {
		return err
	}
	show := c.textLogs(targets, o)
	switch {
	case o.json:
		show = c.jsonLogs
	case o.format:
		show = c.formatLogs
	}
	in := o.call(targets)
	err = show(ctx, in)
	switch {
	case ctx.Err() != nil:
		return nil // Ctrl-C is how one leaves
	case err == nil && in.Follow:
		return errGone()
	}
	return err
}

// textLogs shows lines for people.
func (c *ctl) textLogs(targets []string, o logOptions) func(context.Context, api.LogsCall) error {
	return func(ctx context.Context, in api.LogsCall) error {
		view := &logView{
			lines: o.lines, raw: o.raw, heads: o.noStream, stamps: o.timestamp != "", highlight: o.highlight,
			term: c.terminalOf(c.Stdout), errTerm: c.terminalOf(c.Stderr),
		}
		if in.From != nil {
			view.lines = 0 // what comes are not the last lines of a file
		}
		if !o.raw {
			if err := c.widenLabels(ctx, view, targets); err != nil {
				return err
			}
			if in.From == nil {
				c.tailing(targets, o.lines)
			}
		}
		return c.readLogs(ctx, in, func(reply *api.LogsReply) error {
			view.add(reply)
			return c.flushView(view)
		})
	}
}

// widenLabels makes the labels as wide as the longest of all that the targets
// mean, so that they are equal from the first line on.
func (c *ctl) widenLabels(ctx context.Context, view *logView, targets []string) error {
	apps := slices.DeleteFunc(slices.Clone(targets), func(t string) bool { return t == api.TargetHubd })
	if len(apps) == 0 && len(targets) > 0 {
		return nil
	}
	var rows []api.Row
	err := c.inTime(func(ctx context.Context) (err error) {
		rows, err = c.client.List(ctx, apps...)
		return err
	})(ctx)
	for i := range rows {
		view.widen(instanceLabel(rows[i].ID, rows[i].Name))
	}
	return err
}

// flushView writes what the view has gathered.
func (c *ctl) flushView(v *logView) error {
	for _, part := range v.take() {
		w := c.Stdout
		if part.stderr {
			w = c.Stderr
		}
		if _, err := w.Write(part.text); err != nil {
			return err
		}
	}
	return nil
}

// tailing prints the first line, as PM2 does.
func (c *ctl) tailing(targets []string, lines int) {
	what, noun := "all", "processes"
	if len(targets) > 0 {
		what, noun = strings.Join(targets, " "), "process"
	}
	fmt.Fprintf(c.Stdout, "[TAILING] Tailing last %d lines for [%s] %s (change the value with --lines option)\n",
		lines, harmless(what, false), noun)
}
