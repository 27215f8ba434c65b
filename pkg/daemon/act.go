package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/supervise"
)

// start starts apps. All specs are looked at before the first is started.
func (d *Daemon) start(ctx context.Context, in *api.StartCall, r *replies) error {
	how := supervise.Restart
	switch in.Existing {
	case "", api.ExistingRestart, api.ExistingRefuse:
	case api.ExistingReload:
		how = supervise.Renew
	case api.ExistingAdd:
		how = supervise.Add
	default:
		return &api.Error{Code: api.CodeInvalid, Message: "existing: " + in.Existing + " is unknown", Hint: "restart, reload, refuse or add", Target: "existing"}
	}
	if len(in.Specs) == 0 {
		return &api.Error{Code: api.CodeInvalid, Message: "specs are missing", Hint: "at least one app", Target: "specs"}
	}
	names := make(map[string]bool)
	for n := range in.Specs {
		s := &in.Specs[n]
		if err := s.Validate(); err != nil {
			return &api.Error{Code: api.CodeInvalid, Message: fmt.Sprintf("app %q: %v", s.Name, err), Target: s.Name}
		}
		if names[s.Name] {
			return &api.Error{Code: api.CodeInvalid, Message: fmt.Sprintf("app %q is there twice", s.Name), Target: s.Name}
		}
		names[s.Name] = true
	}
	base, since := d.baseEnv(in.Env), sinceOf(in.Since)
	requests := make([]supervise.Request, 0, len(in.Specs))
	for n := range in.Specs {
		s := &in.Specs[n]
		request := supervise.Request{
			Spec: s, Base: base, UpdateEnv: in.UpdateEnv, Existing: how, IDs: in.IDs,
			Hold: !s.Autostart && !in.Wake, Brief: in.Brief, Since: since, Cause: causeOf(ctx),
		}
		if in.Existing == api.ExistingRefuse {
			request.Admit = func(st *supervise.Status) error { return refuseTaken(s, st, since) }
		}
		requests = append(requests, request)
	}
	pending, err := d.sup.Start(ctx, requests...)
	if err != nil {
		return refusal(err)
	}
	return d.outcomes(ctx, pending, nil, r)
}

// refuseTaken refuses a name that a running app or another script has. An app
// of the same script that is down is started, as in PM2. Nor is one refused that
// runs since the same call was made first.
func refuseTaken(s *spec.Spec, st *supervise.Status, since time.Time) error {
	switch {
	case st.Spec.Script != s.Script:
		return &api.Error{
			Code: api.CodeRefused, Target: s.Name, Message: fmt.Sprintf("the name %q is taken by another script: %s", s.Name, st.Spec.Script),
			Hint: "choose another --name, or delete the app first: hubctl delete " + quote(s.Name),
		}
	case st.Want == supervise.Up && (since.IsZero() || st.CreatedAt.Before(since)):
		return &api.Error{
			Code: api.CodeRefused, Target: s.Name, Message: "Script already launched, add -f option to force re-execution",
			Hint: fmt.Sprintf("hubctl restart %s restarts it, another --name starts a second app", quote(s.Name)),
		}
	}
	return nil
}

// sinceOf is the field since of a call: when it was made first.
func sinceOf(ms int64) (t time.Time) {
	if ms != 0 {
		t = time.UnixMilli(ms)
	}
	return t
}

// quote makes a name safe to paste into a shell.
func quote(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == "" {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// baseEnv makes a base environment, or finds the one that is in use already:
// equal ones are shared.
func (d *Daemon) baseEnv(vars []string) *supervise.BaseEnv {
	vars = slices.Clone(vars)
	slices.Sort(vars)
	for _, i := range d.sup.Instances() {
		if b := i.BaseEnv(); slices.Equal(b.Vars, vars) {
			return b
		}
	}
	return &supervise.BaseEnv{Vars: vars}
}

// refusal is the answer to who asks for what the supervisor does not start.
func refusal(err error) error {
	if errors.Is(err, supervise.ErrEnding) {
		return &api.Error{Code: api.CodeEnding, Message: err.Error(), Hint: "try again in a moment"}
	}
	if errors.Is(err, supervise.ErrRolling) {
		return &api.Error{Code: api.CodeRefused, Message: err.Error(), Hint: "try again when it is over"}
	}
	if full, ok := errors.AsType[*supervise.NoRoom](err); ok {
		return &api.Error{
			Code: api.CodeRefused, Message: err.Error(), Target: full.App,
			Hint: "nothing was started; give hubd a higher limit: LimitNOFILE= in its unit, or ulimit -n in the shell that starts it",
		}
	}
	if shared, ok := errors.AsType[*supervise.SharedLog](err); ok {
		return &api.Error{Code: api.CodeRefused, Message: err.Error(), Target: shared.App, Hint: "nothing was started"}
	}
	if shared, ok := errors.AsType[*supervise.SharedAddress](err); ok {
		return &api.Error{Code: api.CodeRefused, Message: err.Error(), Target: shared.App, Hint: "nothing was started"}
	}
	return err
}

// act does something with the instances that targets mean. What can be done is
// done; targets that mean nothing are results with an error.
func (d *Daemon) act(ctx context.Context, in *api.ActCall, r *replies) error {
	if err := checkAct(in); err != nil {
		return err
	}
	if in.Action == api.ActionScale {
		return d.scale(ctx, in, r)
	}
	list, missing := d.find(in.Targets)
	if len(list) == 0 && len(missing) == 0 {
		return noProcess(in.Targets[0])
	}
	var joined []*supervise.Pending // by what the same call has begun before
	switch in.Action {
	case api.ActionSignal:
		return d.signal(ctx, in, list, missing, r)
	case api.ActionSend:
		return d.send(ctx, in, list, missing, r)
	case api.ActionStart, api.ActionRestart, api.ActionReload:
		joined, list = supervise.Join(list, sinceOf(in.Since))
		if err := d.sup.RoomToStart(list); err != nil {
			return refusal(err)
		}
	}
	var base *supervise.BaseEnv
	if in.UpdateEnv {
		base = d.baseEnv(in.Env)
	}
	switch in.Action {
	case api.ActionReload:
		return d.outcomes(ctx, append(joined, d.sup.Reload(list, base, causeOf(ctx))...), missing, r)
	case api.ActionDelete:
		pending, err := d.sup.Delete(ctx, list, causeOf(ctx))
		if err != nil {
			return err
		}
		return d.outcomes(ctx, pending, missing, r)
	}
	pending := joined
	for _, i := range list {
		if base != nil {
			i.ReplaceEnv(base)
		}
		p, err := i.Act(in.Action, causeOf(ctx))
		if err != nil {
			return err
		}
		pending = append(pending, p)
	}
	return d.outcomes(ctx, pending, missing, r)
}

// outcomes sends results as they come in, or all at once.
func (d *Daemon) outcomes(ctx context.Context, pending []*supervise.Pending, known []api.Result, r *replies) error {
	all := append([]api.Result{}, known...)
	err := d.collect(ctx, pending, func(some []api.Result) error {
		if r.more() {
			return r.next(api.ResultsReply{Results: some})
		}
		all = append(all, some...)
		return nil
	})
	if err != nil {
		return err
	}
	return r.last(api.ResultsReply{Results: all})
}

// collect waits for all outcomes and hands them on in the order in which they
// come, those that are there at the same time together. A client that is gone
// ends the waiting, not what it has asked for.
func (d *Daemon) collect(ctx context.Context, pending []*supervise.Pending, each func([]api.Result) error) error {
	defer d.memory.changed()
	results := make(chan api.Result, len(pending))
	for _, p := range pending {
		go func() { results <- d.warned(result(p, p.Wait(ctx))) }()
	}
	for left := len(pending); left > 0; {
		some := []api.Result{<-results}
		for more := true; more; {
			select {
			case r := <-results:
				some = append(some, r)
			default:
				more = false
			}
		}
		left -= len(some)
		if err := each(some); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// warned adds what whoever changes something must know.
func (d *Daemon) warned(r api.Result) api.Result {
	if text := d.sup.Unsaved(); text != "" {
		r.Warnings = append(r.Warnings, text)
	}
	return r
}

func result(p *supervise.Pending, o supervise.Outcome) api.Result {
	i, st := p.Instance, o.Status
	if st == nil {
		st = i.Status()
	}
	r := api.Result{
		ID: i.ID, Name: st.Spec.Name, Instance: i.Number, Status: string(st.State), PID: st.PID,
		Error: o.Err, Warnings: orEmpty(o.Warnings), Stderr: orEmpty(o.Stderr), Changed: orEmpty(p.Changes(o)),
	}
	if o.Err != "" && st.Spec.Name != "" {
		r.Hint = fmt.Sprintf("hubctl logs %s --err shows what it wrote, hubctl describe %s what happened", quote(st.Spec.Name), quote(st.Spec.Name))
	}
	return r
}

// StartSpecs starts what an ecosystem file declares: hubd --config. It waits
// for the outcomes and returns those that failed as one error. Apps that a daemon
// before has started already go on.
func (d *Daemon) StartSpecs(ctx context.Context, specs []spec.Spec, env []string) error {
	base := d.baseEnv(env)
	if !d.answeredBefore() {
		d.remove(func() error { return os.Remove(d.beganPath()) })
	}
	rest, err := d.complete(ctx, specs)
	if err != nil {
		return refusal(err)
	}
	specs = d.toBegin(specs)
	var requests []supervise.Request
	for n := range specs {
		s := &specs[n]
		requests = append(requests, supervise.Request{
			Spec: s, Base: base, Existing: supervise.Restart, Hold: !s.Autostart, Cause: "hubd --config",
		})
	}
	pending, err := d.sup.Start(ctx, requests...)
	if err != nil {
		return refusal(err)
	}
	var errs []error
	err = d.collect(ctx, append(pending, rest...), func(some []api.Result) error {
		for _, r := range some {
			if r.Error != "" {
				errs = append(errs, fmt.Errorf("%s (id %d): %s", r.Name, r.ID, r.Error))
			}
		}
		return nil
	})
	if err == nil {
		d.noteBegan()
	}
	return errors.Join(append(errs, err)...)
}
