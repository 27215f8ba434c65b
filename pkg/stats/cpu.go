package stats

import (
	"math"
	"sync"
	"time"
)

// minWindow is the shortest time that processor time is measured over: below,
// the kernel's ticks of 10 ms would show as jumps.
const minWindow = 500 * time.Millisecond

// CPU turns snapshots into percentages of one core. The zero value is ready for
// use, by any number of goroutines; it holds on to two snapshots.
type CPU struct {
	mu            sync.Mutex
	before, after *Snapshot // the ends of the last window
}

// Percent returns what tree, a part of snap, has used since the previous call
// with another snapshot, or if that is less than 500 ms ago since the one before;
// at the first call, since each process began. 100 is one core kept busy. The
// result has one decimal.
func (c *CPU) Percent(snap *Snapshot, tree []Proc) float64 {
	before := c.advance(snap)
	var sum float64
	for _, p := range tree {
		sum += share(before, snap, p)
	}
	return math.Round(sum*1000) / 10
}

// advance moves the window on to snap and returns its beginning, nil if there is
// none yet.
func (c *CPU) advance(snap *Snapshot) *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.after == nil:
		c.after = snap
	case snap.At.Sub(c.after.At) >= minWindow:
		c.before, c.after = c.after, snap
	}
	return c.before
}

// share is the part of one core that p has used between two snapshots.
func share(before, snap *Snapshot, p Proc) float64 {
	if before == nil || !before.At.Before(snap.At) {
		age := max(snap.Uptime-ticks(p.Start), ticks(1))
		return float64(ticks(p.CPU)) / float64(age)
	}
	used := p.CPU
	if old, ok := before.Proc(int(p.PID)); ok && old.Start == p.Start {
		used -= min(old.CPU, used)
	}
	return float64(ticks(used)) / float64(snap.At.Sub(before.At))
}
