package chaos

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// How long it takes from the death of a daemon, its keeper alive, until the next
// one has taken over a hundred apps and answers the list.
func TestAdoptionTime(t *testing.T) {
	if !*long {
		t.Skip("measures, with -long")
	}
	const apps, deaths = 100, 30
	w := newWorld(t)
	idle := app{name: "idle", entry: entry{"script": "sleep", "args": "100000", "instances": apps}}
	w.must("start", w.declare([]app{idle}))
	w.eventually("not online", w.restless)
	k := &killer{world: w, dice: w.dice(1)}
	var took []time.Duration
	for range deaths {
		begin := time.Now()
		if k.kill("hubd") == 0 {
			t.Fatal("there is no daemon")
		}
		if rows := w.listed(); rows != apps {
			t.Fatalf("%d apps in the list", rows)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	t.Logf("adoption of %d apps: median %v, max %v, of %d", apps, took[deaths/2].Round(100*time.Microsecond), took[deaths-1].Round(100*time.Microsecond), deaths)
	if took[deaths/2] > time.Second {
		t.Error("more than a second")
	}
	w.eventually("list and processes", w.misfits)
}

// listed asks for the list until it is answered, and returns its length.
func (w *world) listed() int {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		rows, err := w.List(ctx)
		if err == nil {
			return len(rows)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatal(fmt.Errorf("the list is not answered: %w", err))
		}
	}
}
