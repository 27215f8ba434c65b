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

func logsCommand(c *ctl) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:   "logs [target…]",
		Short: "show the last lines of log files and follow them",
		Long: `logs shows the last lines that apps have written and then follows them, across
restarts, until it is interrupted. Without a target it shows all apps and the
daemon's own log, which the target hubd names alone.

` + targetHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.lines < 0 {
				return fmt.Errorf("--lines: found %d; want 0 or more", o.lines)
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return c.logs(ctx, args, o)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.lines, "lines", defaultLines, "how many of the last lines of each file")
	flags.BoolVar(&o.noStream, "nostream", false, "show the last lines only")
	flags.BoolVar(&o.out, "out", false, "only what went to stdout")
	flags.BoolVar(&o.err, "err", false, "only what went to stderr")
	flags.BoolVar(&o.raw, "raw", false, "lines as they were written, those of stderr to stderr")
	return cmd
}

// logOptions are the flags of logs.
type logOptions struct {
	lines              int
	noStream, out, err bool
	raw                bool
}

func (c *ctl) logs(ctx context.Context, targets []string, o logOptions) error {
	in := api.LogsCall{Targets: targets, Lines: &o.lines, Follow: !o.noStream}
	if o.out {
		in.Streams = append(in.Streams, api.StreamOut)
	}
	if o.err {
		in.Streams = append(in.Streams, api.StreamErr)
	}
	view := &logView{lines: o.lines, raw: o.raw, heads: o.noStream, term: c.terminalOf(c.Stdout), errTerm: c.terminalOf(c.Stderr)}
	if !o.raw {
		if err := c.widenLabels(ctx, view, targets); err != nil {
			return err
		}
		c.tailing(targets, o.lines)
	}
	err := c.client.Logs(ctx, in, func(reply *api.LogsReply) error {
		view.add(reply)
		return c.flushView(view)
	})
	switch {
	case ctx.Err() != nil:
		return nil // Ctrl-C is how one leaves
	case err == nil && in.Follow:
		return errGone()
	}
	return err
}

// widenLabels makes the labels as wide as the longest of all that the targets
// mean, so that they are equal from the first line on.
func (c *ctl) widenLabels(ctx context.Context, view *logView, targets []string) error {
	apps := slices.DeleteFunc(slices.Clone(targets), func(t string) bool { return t == api.TargetHubd })
	if len(apps) == 0 && len(targets) > 0 {
		return nil
	}
	var rows []api.Row
	err := inTime(func(ctx context.Context) (err error) {
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
