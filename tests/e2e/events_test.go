package e2e

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

// errDone ends a stream that has brought what it was for.
var errDone = errors.New("done")

// A follower is told every step of an app, once, in order and with its reason.
func TestEventsOfALife(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.hubctl("start", "sleep", "--name", "app", "--", "1000")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var kinds []string
	var restart sync.WaitGroup
	defer restart.Wait()
	acted := false
	err := h.Events(ctx, true, func(events []api.Event) error {
		if !acted { // the history is here, so we follow
			acted = true
			restart.Go(func() {
				err := h.Act(ctx, api.ActCall{Action: api.ActionRestart, Targets: []string{"app"}}, func([]api.Result) {})
				if err != nil {
					t.Error(err)
				}
			})
		}
		for _, e := range events {
			kinds = append(kinds, e.Kind)
			switch {
			case e.Name != "app" || e.ID != 0:
				t.Errorf("event of %s (%d)", e.Name, e.ID)
			case e.Kind == "exit" && e.Reason != "killed by SIGINT":
				t.Errorf("exit says %q", e.Reason)
			}
		}
		if len(kinds) > 2 && kinds[len(kinds)-1] == "online" {
			return errDone
		}
		return nil
	}, "app")
	if !errors.Is(err, errDone) {
		t.Fatalf("events %q: %v", kinds, err)
	}
	want := []string{"start", "online", "restart", "exit", "start", "online"}
	if !slices.Equal(kinds, want) {
		t.Errorf("events %q, want %q", kinds, want)
	}
}
