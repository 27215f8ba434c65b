package daemon

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/supervise"
	"golang.org/x/sys/unix"
)

// signal sends a signal to the main process of each instance.
func (d *Daemon) signal(ctx context.Context, in *api.ActCall, list []*supervise.Instance, known []api.Result, r *replies) error {
	sig, err := parseSignal(in.Signal)
	if err != nil {
		return err
	}
	cause := causeOf(ctx)
	return tell(list, known, r, func(i *supervise.Instance) error { return i.Signal(ctx, sig, cause) })
}

// lastSignal is the highest number of a signal on Linux (signal(7)).
const lastSignal = 64

// parseSignal takes SIGUSR1, USR1, usr1, and numbers, of real-time signals too.
func parseSignal(text string) (unix.Signal, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= lastSignal {
		return unix.Signal(n), nil
	}
	sig, err := spec.ParseSignal(text)
	if err != nil {
		return 0, &api.Error{
			Code: api.CodeInvalid, Message: fmt.Sprintf("signal: %q is not a signal", text),
			Hint: fmt.Sprintf("a name such as SIGUSR2 or HUP, or a number from 1 to %d", lastSignal), Target: "signal",
		}
	}
	return sig.Number(), nil
}

// send gives each instance a line on its standard input, or a message over its
// IPC channel.
func (d *Daemon) send(ctx context.Context, in *api.ActCall, list []*supervise.Instance, known []api.Result, r *replies) error {
	switch message := hasMessage(in); {
	case in.Line != nil && message:
		return &api.Error{Code: api.CodeInvalid, Message: "line and message are given", Hint: "one of the two", Target: "message"}
	case message:
		return tell(list, known, r, func(i *supervise.Instance) error { return i.SendMessage(ctx, in.Message) })
	case in.Line != nil:
		return tell(list, known, r, func(i *supervise.Instance) error { return i.SendLine(ctx, *in.Line) })
	}
	return &api.Error{Code: api.CodeInvalid, Message: "line is missing", Hint: "line, for the standard input, or message, for the IPC channel", Target: "line"}
}

// tell does something with each instance that is done at once, unless one hangs
// in a launch: the others need not wait for it.
func tell(list []*supervise.Instance, known []api.Result, r *replies, each func(*supervise.Instance) error) error {
	told := make([]api.Result, len(list))
	var all sync.WaitGroup
	for n, i := range list {
		all.Go(func() { told[n] = toldResult(i, each(i)) })
	}
	all.Wait()
	return r.last(api.ResultsReply{Results: append(append([]api.Result{}, known...), told...)})
}

func toldResult(i *supervise.Instance, err error) api.Result {
	st := i.Status()
	r := api.Result{
		ID: i.ID, Name: st.Spec.Name, Instance: i.Number, Status: string(st.State), PID: st.PID,
		Warnings: []string{}, Stderr: []string{}, Changed: []string{},
	}
	if err != nil {
		r.Error = err.Error()
	}
	if errors.Is(err, supervise.ErrNotRunning) {
		r.Hint = "hubctl start " + quote(st.Spec.Name) + " starts it"
	}
	return r
}
