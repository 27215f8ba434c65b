package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
)

// outcome gathers what became of the instances that a command touched. All
// targets are worked on; failures are told at the end, where they are seen.
type outcome struct {
	c        *ctl
	progress *progress
	done     bool // something was done, so the table is worth showing
	failed   []failure
	changed  map[string]bool // lines about changed keys that were told
}

// failure is a message with what helps to understand it.
type failure struct {
	message string
	stderr  []string
	hint    string
}

// newOutcome expects total results, or an unknown number for 0.
func (c *ctl) newOutcome(total int) *outcome {
	return &outcome{c: c, progress: c.newProgress(total), changed: make(map[string]bool)}
}

// repeated makes a request that is asked of the next daemon when one has died
// over it, if it may: what came of the attempt before does not count then. If it
// may not, the error says that nobody knows what became of it.
func (o *outcome) repeated(may bool, r attempt) request {
	if !may {
		return func(ctx context.Context) error {
			err := r(ctx, 0)
			if isGone(err) {
				return errUnknown()
			}
			return err
		}
	}
	failed, count := len(o.failed), o.progress.count
	return o.c.repeated(func(ctx context.Context, since int64) error {
		if since != 0 {
			o.progress.clear()
			o.failed, o.progress.count = o.failed[:failed], count
			o.c.note("the daemon ended over this request; the next one is asked")
		}
		return r(ctx, since)
	})
}

// each takes results as they come in.
func (o *outcome) each(results []api.Result) {
	o.progress.clear()
	for i := range results {
		o.result(&results[i])
	}
	o.progress.show(len(results))
}

func (o *outcome) result(r *api.Result) {
	label := "[" + r.Name + "]"
	if r.ID >= 0 {
		label += fmt.Sprintf("(%d)", r.ID)
		o.done = true
	}
	if len(r.Changed) > 0 {
		o.tellChanges(r)
	}
	for _, w := range r.Warnings {
		o.c.warn("%s %s", label, w)
	}
	if r.Error == "" {
		o.c.info("%s ✓", label)
		return
	}
	if r.Name == "" {
		label = ""
	} else {
		label += " "
	}
	o.failed = append(o.failed, failure{label + r.Error, r.Stderr, r.Hint})
}

// tellChanges says which settings of an app have changed, once for all of its
// instances that had the same ones before.
func (o *outcome) tellChanges(r *api.Result) {
	line := "[" + r.Name + "] changed: " + strings.Join(r.Changed, ", ")
	if !o.changed[line] {
		o.changed[line] = true
		o.c.info("%s", line)
	}
}

// fail notes that a whole call failed. It returns the error when going on
// makes no sense: the command was interrupted, or no daemon answers.
func (o *outcome) fail(err error) error {
	if err == nil || errors.Is(err, errReported) {
		return err
	}
	_, hangs := errors.AsType[stalled](err)
	if hangs || errors.Is(err, context.Canceled) || errors.Is(err, api.ErrNotRunning) {
		o.report()
		return err
	}
	message, advice := describeError(err)
	o.failed = append(o.failed, failure{message: message, hint: advice})
	return nil
}

// finish shows the table and the failures.
func (o *outcome) finish(ctx context.Context) error {
	o.progress.clear()
	if o.done {
		if err := o.c.showTable(ctx); err != nil {
			return err
		}
	}
	o.report()
	if len(o.failed) > 0 {
		return errReported
	}
	return nil
}

// report tells the failures.
func (o *outcome) report() {
	o.progress.clear()
	for _, f := range o.failed {
		o.c.printFailure(f.message, f.stderr, f.hint)
	}
}
