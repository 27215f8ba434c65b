package chaos

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/tests/chaos/account"
)

// inNode is the app that gets messages; nobody restarts it.
const inNode = "steady-node"

// message sends a numbered message over an app's IPC channel.
func (d *driver) message() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d.sent++
	text, err := json.Marshal(map[string]int{"n": d.sent})
	if err != nil {
		panic(err) // a number
	}
	done := false
	err = d.Act(ctx, api.ActCall{Action: api.ActionSend, Targets: []string{inNode}, Message: text}, func(results []api.Result) {
		done = len(results) == 1 && results[0].Error == ""
	})
	if err == nil && done {
		d.arrived = append(d.arrived, d.sent)
	}
}

// told checks that each message which hub has passed on came to the app, once
// and in order; of the others some did and some did not.
func (d *driver) told(lives []*account.Life) {
	d.t.Helper()
	for _, l := range lives {
		if l.App != inNode {
			continue
		}
		d.t.Logf("%d of %d messages passed on, %d came", len(d.arrived), d.sent, len(l.Got))
		if !slices.IsSorted(l.Got) || len(slices.Compact(slices.Clone(l.Got))) != len(l.Got) {
			d.t.Errorf("messages came twice or out of order: %v", l.Got)
		}
		for _, n := range d.arrived {
			if !slices.Contains(l.Got, n) {
				d.t.Errorf("message %d was passed on and did not come: %v", n, l.Got)
				return
			}
		}
		if len(d.arrived) == 0 && d.sent > 20 {
			d.t.Errorf("none of %d messages was passed on", d.sent)
		}
	}
}
