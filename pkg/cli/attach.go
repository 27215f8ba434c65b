package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
)

func attachCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:   "attach <target>",
		Short: "show what one instance writes, and pass typed lines to it",
		Long: `attach shows what an instance writes from now on, without anything in front of
the lines, and passes the lines that are typed to its standard input. It ends at
the end of the input (Ctrl-D), with Ctrl-C, and when the app is deleted; the app
runs on.`,
		Args: exactly("target"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			row, err := c.oneInstance(ctx, args[0])
			if err != nil {
				return err
			}
			return (&attachment{c: c, id: strconv.Itoa(row.ID), name: row.Name}).run(ctx)
		},
	}
}

// oneInstance finds the only instance that a target means.
func (c *ctl) oneInstance(ctx context.Context, target string) (*api.Row, error) {
	var rows []api.Row
	err := c.inTime(func(ctx context.Context) error {
		targets, err := c.seenTargets(ctx, []string{target})
		if err == nil {
			rows, err = c.client.List(ctx, targets...)
		}
		return err
	})(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, hint(fmt.Errorf("%s not found", target), "hubctl list shows what there is")
	case len(rows) > 1:
		ids := make([]string, len(rows))
		for i := range rows {
			ids[i] = strconv.Itoa(rows[i].ID)
		}
		return nil, hint(fmt.Errorf("%s means %d instances", target, len(rows)), "name one by its id: "+strings.Join(ids, ", "))
	}
	return &rows[0], nil
}

// attachment is one run of attach.
type attachment struct {
	c        *ctl
	id, name string
}

// eventDeleted is the kind of the last event of an instance.
const eventDeleted = "deleted"

// errDetached ends an attachment as it should end.
var errDetached = errors.New("detached")

// run follows the output, the events and the input until one of them ends, or
// ctx does. The goroutine that reads the input is left behind when it waits for
// a terminal; nothing else can be done with one.
func (a *attachment) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var followers sync.WaitGroup
	defer followers.Wait()
	defer cancel(nil)
	ready := make(chan struct{})
	followers.Go(func() { cancel(a.output(ctx, ready)) })
	followers.Go(func() { cancel(a.deleted(ctx)) })
	select {
	case <-ready: // what the app answers to a line must not be missed
		go func() { cancel(a.input(ctx)) }()
	case <-ctx.Done():
	}
	<-ctx.Done()
	switch err := context.Cause(ctx); {
	case errors.Is(err, errDetached), errors.Is(err, context.Canceled):
		return nil // Ctrl-C is one of the ways to leave
	case errors.Is(err, api.ErrNotRunning): // one follower was late: there was a daemon
		return errGone()
	default:
		return err
	}
}

// output shows what comes into the log files from now on; it closes ready when
// it follows them.
func (a *attachment) output(ctx context.Context, ready chan<- struct{}) error {
	none, sources := 0, []api.LogSource(nil)
	following := false
	err := a.c.readLogs(ctx, api.LogsCall{Targets: []string{a.id}, Lines: &none, Follow: true}, func(reply *api.LogsReply) error {
		sources = append(sources, reply.Sources...)
		if !following && len(reply.Sources) == 0 && len(reply.Lines) == 0 {
			following = true
			a.warnAbout(sources)
			close(ready)
		}
		for i := range reply.Lines {
			line := &reply.Lines[i]
			stderr := line.Source >= 0 && line.Source < len(sources) && sources[line.Source].Stream == api.StreamErr
			if err := a.show(line, stderr); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return errGone()
	}
	return err
}

// warnAbout says where the files do not hold the output of this instance alone.
func (a *attachment) warnAbout(sources []api.LogSource) {
	if len(sources) == 0 {
		a.c.warn("app %s writes no log files, so its output cannot be shown", a.name)
	}
	for _, s := range sources {
		if s.ID < 0 {
			a.c.warn("%s also holds the lines of other instances", s.Path)
		}
	}
}

// show writes a line to the stream that it came from: as it is into a file or
// pipe, harmless on a terminal.
func (a *attachment) show(line *api.LogLine, stderr bool) error {
	w := a.c.Stdout
	if stderr {
		w = a.c.Stderr
	}
	text := string(line.Bytes())
	if t := a.c.terminalOf(w); t.width > 0 {
		text = harmless(text, t.colour)
	}
	if !line.Partial {
		text += "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// deleted returns when the app is deleted. It listens to all events: a target
// means nothing any more when its last one comes. Where that came between two
// daemons the list tells.
func (a *attachment) deleted(ctx context.Context) error {
	connections := 0
	return a.c.following(ctx, func(ctx context.Context, client *api.Client, answered func()) error {
		connections++
		check := connections > 1
		return client.Events(ctx, true, func(events []api.Event) error {
			answered()
			gone := slices.ContainsFunc(events, func(e api.Event) bool {
				return e.Kind == eventDeleted && strconv.Itoa(e.ID) == a.id
			})
			if check && !gone {
				check = false
				_, err := client.List(ctx, a.id)
				var e *api.Error
				gone = errors.As(err, &e) && e.Code == api.CodeNotFound
			}
			if gone {
				a.c.note("app %s was deleted", a.name)
				return errDetached
			}
			return nil
		})
	})
}

// input passes lines to the app until there are no more. A line that the app
// does not get is told, and the next one is tried.
func (a *attachment) input(ctx context.Context) error {
	lines := bufio.NewReader(a.c.Stdin)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			a.pass(ctx, strings.TrimSuffix(line, "\n"))
		}
		if err == io.EOF {
			return errDetached
		}
		if err != nil {
			return fmt.Errorf("read the input: %w", err)
		}
	}
}

func (a *attachment) pass(ctx context.Context, line string) {
	call := api.ActCall{Action: api.ActionSend, Targets: []string{a.id}, Line: &line}
	err := a.c.client.Act(ctx, call, func(results []api.Result) {
		for _, r := range results {
			if r.Error != "" {
				a.c.printFailure(r.Error, nil, r.Hint)
			}
		}
	})
	if isGone(err) { // once more could be twice
		err = errUnknown()
	}
	if err != nil && ctx.Err() == nil {
		a.c.printError(err)
	}
}
