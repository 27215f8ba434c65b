package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/supervise"
	"github.com/varlink/go/varlink"
)

// methods serves the interface com.leadmaster.hub.
type methods struct{ d *Daemon }

func (methods) VarlinkGetName() string        { return api.Interface }
func (methods) VarlinkGetDescription() string { return api.Description }

// VarlinkDispatch answers one call. An error it returns ends the connection; an
// *api.Error of a method is the answer.
func (m methods) VarlinkDispatch(ctx context.Context, c varlink.Call, method string) error {
	d := m.d
	var err error
	if method != "Daemon" && !d.waitAdopted(ctx) {
		return ctx.Err()
	}
	switch method {
	case "Daemon":
		err = handle(ctx, &c, d.describe)
	case "Control":
		err = handle(ctx, &c, d.control)
	case "List":
		err = handle(ctx, &c, d.list)
	case "Processes":
		err = handle(ctx, &c, d.processes)
	case "Start":
		err = handle(ctx, &c, d.start)
	case "Act":
		err = handle(ctx, &c, d.act)
	case "Env":
		err = handle(ctx, &c, d.environment)
	case "Logs":
		err = handle(ctx, &c, d.readLogs)
	case "LogControl":
		err = handle(ctx, &c, d.logControl)
	case "Events":
		err = handle(ctx, &c, d.events)
	case "Dump":
		err = handle(ctx, &c, d.dump)
	case "Resurrect":
		err = handle(ctx, &c, d.resurrect)
	case "Saved":
		err = handle(ctx, &c, d.saved)
	case "Strays":
		err = handle(ctx, &c, d.strays)
	default:
		return c.ReplyMethodNotFound(ctx, method)
	}
	var e *api.Error
	if errors.As(err, &e) {
		return c.ReplyError(ctx, e.Code, e)
	}
	return err
}

// handle reads a call's parameters and calls f. A parameter that the interface
// does not have is refused by name: a newer client must not believe that it was
// heard.
func handle[In any](ctx context.Context, c *varlink.Call, f func(context.Context, *In, *replies) error) error {
	var in In
	if c.In.Parameters != nil && !bytes.Equal(*c.In.Parameters, []byte("null")) {
		dec := json.NewDecoder(bytes.NewReader(*c.In.Parameters))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil {
			return &api.Error{
				Code: api.CodeInvalid, Target: "parameters",
				Message: "parameters: " + strings.TrimPrefix(err.Error(), "json: "),
				Hint:    "the interface is described by: hubctl api org.varlink.service.GetInterfaceDescription '{\"interface\":\"" + api.Interface + "\"}'",
			}
		}
	}
	return f(ctx, &in, &replies{ctx: ctx, call: c})
}

// none is the parameters of a method that has none.
type none struct{}

// replies sends the replies of one call.
type replies struct {
	ctx  context.Context
	call *varlink.Call
}

// more reports whether the client takes several replies.
func (r *replies) more() bool { return r.call.WantsMore() }

// next sends a reply that others follow.
func (r *replies) next(v any) error {
	r.call.Continues = true
	return r.call.Reply(r.ctx, v)
}

// raw sends a reply that is a whole message already.
func (r *replies) raw(message []byte) error {
	if r.call.IsOneway() {
		return nil
	}
	_, err := r.call.Conn.Write(r.ctx, message)
	return err
}

// last sends the only or the last reply.
func (r *replies) last(v any) error {
	r.call.Continues = false
	return r.call.Reply(r.ctx, v)
}

// waitAdopted waits until the instances of the daemon before are taken over.
func (d *Daemon) waitAdopted(ctx context.Context) bool {
	select {
	case <-d.adopted: // also for a client that has left meanwhile
		return true
	default:
	}
	select {
	case <-d.adopted:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *Daemon) describe(_ context.Context, _ *none, r *replies) error {
	reply := api.DaemonReply{
		Version: api.Version, Level: api.Level, PID: os.Getpid(), Home: d.home.Dir, State: "online",
		Started: d.started.UnixMilli(), Instances: len(d.sup.Instances()), User: d.user, Unsaved: d.sup.Unsaved(),
		Problems: d.problems.list(),
	}
	if d.link != nil && !d.orphaned.Load() {
		reply.Keeper = d.table.Keeper
	}
	select {
	case <-d.adopted:
	default:
		reply.State = "adopting"
		reply.Adopting = &api.Adopting{Done: int(d.adopting.done.Load()), Of: int(d.adopting.of.Load())}
	}
	if d.sup.Ending() {
		reply.State = "stopping"
	}
	return r.last(reply)
}

func (d *Daemon) control(ctx context.Context, in *api.ControlCall, r *replies) error {
	switch in.Action {
	case api.ActionKill:
		return d.kill(ctx, r)
	case api.ActionLeave:
		return d.leave(ctx, r)
	case api.ActionUpdate:
		return d.update(ctx, in)
	case api.ActionJoin:
		return d.join(ctx, in)
	case api.ActionDetach:
		return d.detach(r)
	case api.ActionSettings:
		return d.reread(r)
	}
	return &api.Error{Code: api.CodeInvalid, Message: "action " + in.Action + " is unknown", Hint: "kill, leave, update, join, detach or settings", Target: "action"}
}

// kill ends everything. The connection stays open until the process ends, so
// that the client sees that too.
func (d *Daemon) kill(ctx context.Context, r *replies) error {
	all := []api.Result{}
	d.endAll(causeOf(ctx), func(results []api.Result) {
		if !r.more() {
			all = append(all, results...)
		} else if r.next(api.ResultsReply{Results: results}) != nil {
			return // it left; go on
		}
	})
	d.fate.Lock()
	defer d.fate.Unlock()
	err := r.last(api.ResultsReply{Results: all})
	d.end()
	return err
}

// leave ends the daemon and its keeper, and leaves the apps to the next daemon.
func (d *Daemon) leave(ctx context.Context, r *replies) error {
	d.fate.Lock()
	defer d.fate.Unlock()
	d.log.Info("hubd ends and leaves its apps running", "cause", causeOf(ctx))
	d.left.Store(true)
	err := r.last(api.ResultsReply{Results: []api.Result{}})
	d.end()
	return err
}

// end lets Run return; it may be called twice.
func (d *Daemon) end() {
	d.endOnce.Do(func() { close(d.ended) })
}

// find resolves targets; none means all. Instances that several targets name
// come once. The error names each target that means nothing, and the instances
// of the others are returned with it.
func (d *Daemon) find(targets []string) ([]*supervise.Instance, []api.Result) {
	if len(targets) == 0 {
		return d.sup.Instances(), nil
	}
	var list []*supervise.Instance
	var missing []api.Result
	seen := make(map[string]bool)
	for _, t := range targets {
		some, err := d.sup.Select(t)
		if err != nil {
			missing = append(missing, api.Result{ID: -1, Name: t, Error: err.Error(), Hint: "hubctl list shows what there is", Warnings: []string{}, Stderr: []string{}, Changed: []string{}})
		}
		for _, i := range some {
			if !seen[i.UUID] {
				seen[i.UUID] = true
				list = append(list, i)
			}
		}
	}
	return list, missing
}

// found is find for a method that has no partial success.
func (d *Daemon) found(targets []string) ([]*supervise.Instance, error) {
	list, missing := d.find(targets)
	if len(missing) > 0 {
		m := missing[0]
		return nil, &api.Error{Code: api.CodeNotFound, Message: m.Error, Hint: m.Hint, Target: m.Name}
	}
	return list, nil
}
