package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

const targetHelp = `A target is the id, the name, the namespace or the script of an app, a
/regular expression/ over names, "all", or an ecosystem file, which means the
apps named in it; "-" is a file on standard input.`

func stopCommand(c *ctl) *cobra.Command {
	return actCommand(c, api.ActionStop, "stop apps; they stay in the list")
}

func deleteCommand(c *ctl) *cobra.Command {
	return actCommand(c, api.ActionDelete, "stop apps and forget them; their log files stay")
}

func resetCommand(c *ctl) *cobra.Command {
	return actCommand(c, api.ActionReset, "set the counters of apps to zero")
}

// actCommand builds a command that does one thing with its targets.
func actCommand(c *ctl, action, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   action + " <target…>",
		Short: short,
		Long:  short + ".\n\n" + targetHelp,
		Args:  needs(1, "target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.actOn(cmd, api.ActCall{Action: action, Targets: args})
		},
	}
	c.tableFlags(cmd.Flags())
	return cmd
}

// actOn is a whole command: it does something with what targets and files mean
// and tells what became of it.
func (c *ctl) actOn(cmd *cobra.Command, in api.ActCall) error {
	ctx, stop := interruptible(cmd.Context())
	defer stop()
	out := c.newOutcome(0)
	var err error
	if in.Targets, err = c.expandFiles(ctx, in.Targets, out); err != nil {
		return err
	}
	if err := c.act(ctx, in, out); err != nil {
		return err
	}
	return out.finish(ctx)
}

// act does something with instances that exist.
func (c *ctl) act(ctx context.Context, in api.ActCall, out *outcome) error {
	if len(in.Targets) == 0 {
		return nil
	}
	out.progress.clear()
	for _, target := range in.Targets {
		c.announce(&in, target)
	}
	out.progress.show(0)
	return out.fail(c.answering(func(ctx context.Context) (err error) {
		if in.Targets, err = c.scriptTargets(ctx, in.Targets); err != nil {
			return err
		}
		return out.repeated(repeatable(&in), func(ctx context.Context, since int64) error {
			if since != 0 && deletes(&in) {
				return c.deleteAgain(ctx, in, out)
			}
			in.Since = since
			return c.client.Act(ctx, in, out.each)
		})(ctx)
	})(ctx))
}

// repeatable tells whether an action may be asked of the next daemon when one
// has died over it. Who was stopped is stopped once more, without effect, and the
// daemon can tell who was started since then. A signal or a line would come twice,
// and "two more" be four.
func repeatable(in *api.ActCall) bool {
	switch in.Action {
	case api.ActionSignal, api.ActionSend:
		return false
	case api.ActionScale:
		return isNumber(in.Count)
	}
	return true
}

// deletes tells whether an action leaves nothing of its targets.
func deletes(in *api.ActCall) bool {
	return in.Action == api.ActionDelete || in.Action == api.ActionScale && strings.Trim(in.Count, "0") == ""
}

// deleteAgain repeats a delete of which nobody knows how far it got: what is not
// there any more was deleted.
func (c *ctl) deleteAgain(ctx context.Context, in api.ActCall, out *outcome) error {
	err := c.client.Act(ctx, in, func(results []api.Result) {
		for i := range results {
			if r := &results[i]; r.ID < 0 && r.Error != "" {
				c.warn("[%s] is not in the list any more", r.Name)
				results[i].Error = ""
			}
		}
		out.each(results)
	})
	var e *api.Error
	if errors.As(err, &e) && e.Code == api.CodeNotFound {
		c.warn("[%s] is not in the list any more", e.Target)
		return nil
	}
	return err
}

// announce says what is about to be done with a target, in PM2's words where
// it has some.
func (c *ctl) announce(in *api.ActCall, target string) {
	switch in.Action {
	case api.ActionScale:
		c.info("Scaling app [%s]: %s", target, in.Count)
	case api.ActionSignal:
		c.info("Sending signal %s to app [%s]", in.Signal, target)
	case api.ActionSend:
		c.info("Sending a line to app [%s]", target)
	default:
		c.info("Applying action %sProcessId on app [%s]", in.Action, target)
	}
}

// expandFiles puts the names of the apps that run in place of the files that
// declare them.
func (c *ctl) expandFiles(ctx context.Context, args []string, out *outcome) ([]string, error) {
	var targets []string
	for _, arg := range args {
		if !isFile(arg) {
			targets = append(targets, arg)
			continue
		}
		names, err := c.listedApps(ctx, arg)
		if err := out.fail(err); err != nil {
			return nil, err
		}
		targets = append(targets, names...)
		if err == nil && len(names) == 0 {
			c.warn("no app of %s is in the list", fileLabel(arg))
		}
	}
	return targets, nil
}

// listedApps returns the apps of a file that are in the list.
func (c *ctl) listedApps(ctx context.Context, file string) ([]string, error) {
	names, err := c.declared(file)
	if err != nil {
		return nil, err
	}
	var rows []api.Row
	if err := c.list(&rows)(ctx); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return !slices.ContainsFunc(rows, func(r api.Row) bool { return r.Name == name })
	}), nil
}
