package supervise

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
)

// advance brings an instance up to launches that are not on record: the disk could
// not be written when they were made, and the keeper knows them all the same. The
// latest is the current one, unless that which is on record still runs: then it
// was to replace that.
func (a *adoption) advance(ctx context.Context, r *Restored) {
	rec := r.Record
	later := a.later(rec)
	if len(later) == 0 {
		return
	}
	a.sup.Log.Warn("a record is older than what runs: it could not be written", "app", rec.Name, "id", rec.ID, "launches", len(later))
	if r.Next != nil {
		r.Spec, r.Next, rec.Spec, rec.Next = r.Next, nil, rec.Next, ""
	}
	last := later[len(later)-1]
	current := a.held[keyOf(rec.UUID, rec.Generation)]
	if current == nil || current.PID == 0 || current.Exit != nil {
		rec.Generation, rec.State, rec.Want, rec.Due = last, Online, Up, nil
		rec.RecordedLaunch = RecordedLaunch{LaunchedAt: a.startOf(ctx, a.held[keyOf(rec.UUID, last)])}
		later = later[:len(later)-1]
	}
	for _, gen := range later {
		b := RecordedBeside{Generation: gen, Spec: rec.Spec, Candidate: gen == last}
		b.LaunchedAt = a.startOf(ctx, a.held[keyOf(rec.UUID, gen)])
		rec.Beside, r.Beside = append(rec.Beside, b), append(r.Beside, r.Spec)
	}
	rec.Launches = last
}

// later returns the generations of an instance that have a process and are beyond
// those on record, in order.
func (a *adoption) later(rec *Record) (gens []int) {
	for key, h := range a.held {
		if !strings.HasPrefix(key, rec.UUID+":") || h.PID == 0 {
			continue
		}
		if _, gen, ok := parseKey(key); ok && gen > max(rec.Launches, rec.Generation) {
			gens = append(gens, gen)
		}
	}
	slices.Sort(gens)
	return gens
}

// startOf is when a held process was started, as far as that can be told.
func (a *adoption) startOf(ctx context.Context, h *keeper.Held) time.Time {
	if c, err := a.sup.census(ctx); err == nil {
		if p, ok := c.snapshot.Proc(h.PID); ok {
			return c.snapshot.StartedAt(p)
		}
	}
	return time.Now()
}
