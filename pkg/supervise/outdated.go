package supervise

import (
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/proc"
)

// correct brings a record up to date that an earlier daemon could not write any
// more, on a full or read-only disk: the keeper has a process of a later launch than
// the last on record. To go by the record would be to run the app twice.
func (a *adoption) correct(r *Record) {
	gen, h := a.latest(r)
	if h == nil {
		return
	}
	a.sup.Log.Warn("a record is older than what runs: it could not be written", "app", r.Name, "id", r.ID, "launch", gen, "pid", h.PID)
	r.Generation, r.Launches = gen, max(gen, r.Launches)
	r.Want, r.State, r.NotReady, r.Due = Up, Online, false, nil
	r.RecordedLaunch = RecordedLaunch{LaunchedAt: time.Now()}
	if id, err := proc.Identify(h.PID); err == nil {
		r.LaunchedAt = r.LaunchedAt.Add(-time.Duration(ticks()-min(ticks(), id.Start)) * tick)
	}
}

// latest returns what the keeper has of the last launch of an instance, if that has
// a process and is later than all on record.
func (a *adoption) latest(r *Record) (gen int, latest *keeper.Held) {
	gen = r.Generation
	for _, b := range r.Beside {
		gen = max(gen, b.Generation)
	}
	for key, h := range a.held {
		if !strings.HasPrefix(key, r.UUID+":") || h.PID == 0 {
			continue
		}
		if _, g, ok := parseKey(key); ok && g > gen {
			gen, latest = g, h
		}
	}
	return gen, latest
}
