package daemon

import (
	"context"
	"errors"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/supervise"
)

// environment tells the environment of one instance: of an app's first one, when
// the target is an app.
func (d *Daemon) environment(ctx context.Context, in *api.EnvCall, r *replies) error {
	if in.Target == "" {
		return &api.Error{Code: api.CodeInvalid, Message: "target is missing", Hint: "a name or an id", Target: "target"}
	}
	list, err := d.found([]string{in.Target})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return noProcess(in.Target)
	}
	i, err := firstOfOne(list, in.Target)
	if err != nil {
		return err
	}
	vars, err := i.Environment(ctx)
	if errors.Is(err, supervise.ErrDeleted) {
		return noProcess(in.Target)
	}
	if err != nil {
		return err
	}
	return r.last(api.EnvReply{ID: i.ID, Name: i.Status().Spec.Name, Env: vars})
}

// firstOfOne returns the lowest-numbered of an app's instances; instances of
// several apps are refused.
func firstOfOne(list []*supervise.Instance, target string) (*supervise.Instance, error) {
	first := list[0]
	name := first.Status().Spec.Name
	for _, i := range list {
		if other := i.Status().Spec.Name; other != name {
			return nil, &api.Error{
				Code: api.CodeInvalid, Target: "target",
				Message: target + " means several apps: " + name + ", " + other, Hint: "the name or the id of one",
			}
		}
		if i.Number < first.Number {
			first = i
		}
	}
	return first, nil
}

// noProcess is the answer to a target that means nothing.
func noProcess(target string) error {
	return &api.Error{Code: api.CodeNotFound, Message: "No process found", Hint: "hubctl start starts one", Target: target}
}
