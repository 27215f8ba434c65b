package daemon

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/supervise"
)

// scale changes the number of instances of one app and waits for those that are
// started or deleted.
func (d *Daemon) scale(ctx context.Context, in *api.ActCall, r *replies) error {
	name, err := d.theApp(in.Targets)
	if err != nil {
		return err
	}
	c, err := parseCount(in.Count)
	if err != nil {
		return err
	}
	var had int
	pending, err := d.sup.Scale(ctx, name, func(have int) (int, error) {
		had = have
		return c.of(name, have)
	}, sinceOf(in.Since), causeOf(ctx))
	switch {
	case errors.Is(err, supervise.ErrNoTarget):
		return &api.Error{Code: api.CodeNotFound, Message: err.Error(), Hint: "the name of an app; hubctl list shows them", Target: name}
	case errors.Is(err, supervise.ErrNothingToDo):
		return &api.Error{Code: api.CodeRefused, Message: err.Error(), Hint: fmt.Sprintf("%s has %d instances already", name, had), Target: name}
	case err != nil:
		return refusal(err)
	}
	return d.outcomes(ctx, pending, nil, r)
}

// theApp returns the only app that targets mean. What means none is taken for a
// name.
func (d *Daemon) theApp(targets []string) (string, error) {
	list, missing := d.find(targets)
	if len(list) == 0 {
		return targets[0], nil
	}
	if len(missing) > 0 {
		return "", &api.Error{Code: api.CodeNotFound, Message: missing[0].Error, Hint: missing[0].Hint, Target: missing[0].Name}
	}
	name := list[0].Status().Spec.Name
	for _, i := range list {
		if other := i.Status().Spec.Name; other != name {
			return "", &api.Error{
				Code: api.CodeInvalid, Target: "targets",
				Message: fmt.Sprintf("%s means several apps, %s and %s among them", strings.Join(targets, " "), name, other), Hint: "one app is scaled at a time",
			}
		}
	}
	return name, nil
}

// count is how many instances are asked for: that many, or that many more.
type count struct {
	n        int
	relative bool
}

func parseCount(text string) (count, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return count{}, &api.Error{Code: api.CodeInvalid, Message: fmt.Sprintf("count: found %q", text), Hint: "a number such as 4, or +2 or -1 for more or fewer", Target: "count"}
	}
	return count{n, strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-")}, nil
}

// of returns how many instances an app that has some shall have. 0 deletes the
// app, as in PM2, but only where it is said and not reckoned.
func (c count) of(name string, have int) (int, error) {
	n := c.n
	if c.relative {
		n += have
	}
	switch {
	case n <= 0 && c.relative && c.n < 0:
		return 0, &api.Error{
			Code: api.CodeRefused, Message: fmt.Sprintf("%s has %d instances, and one at least must stay", name, have),
			Hint: "hubctl delete " + quote(name) + " deletes the app", Target: name,
		}
	case n > spec.MaxInstances:
		return 0, &api.Error{Code: api.CodeInvalid, Message: fmt.Sprintf("count: %d instances are more than the limit", n), Hint: fmt.Sprintf("%d at most", spec.MaxInstances), Target: "count"}
	}
	return n, nil
}
