package stats

import (
	"testing"
	"time"
)

// What was excluded is not found again, nor what hangs below it.
func TestGathererExcludes(t *testing.T) {
	t.Parallel()
	snap := newSnapshot(time.Time{}, 0, []Proc{
		{PID: 10, PPID: 1, SID: 10, Start: 1}, {PID: 11, PPID: 10, SID: 10, Start: 2},
		{PID: 20, PPID: 1, SID: 20, Start: 3}, {PID: 21, PPID: 20, SID: 20, Start: 4},
		{PID: 30, PPID: 11, SID: 30, Start: 5}, {PID: 31, PPID: 1, SID: 30, Start: 6},
	})
	g := snap.Gatherer()
	g.Add(11, 2)
	if got := pids(g.Found()); got != "11 30 31" {
		t.Errorf("found %s", got)
	}
	g.Exclude()
	g.Add(10, 1)
	g.Add(20, 3)
	g.Add(20, 3)
	if got := pids(g.Found()); got != "10 20 21" {
		t.Errorf("beside what was excluded: %s", got)
	}
	g.Reset()
	g.Skip(11)
	g.Skip(99) // nobody's number
	g.Add(10, 1)
	if got := pids(g.Found()); got != "10" {
		t.Errorf("without one: %s", got)
	}
	g.Reset()
	g.Add(30, 5)
	g.Add(20, 99) // the number is another process's
	if got := pids(g.Found()); got != "30 31" {
		t.Errorf("after a reset: %s", got)
	}
}
