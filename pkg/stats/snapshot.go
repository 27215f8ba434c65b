package stats

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"time"
)

// Snapshot is the result of one pass over /proc. It does not change and may be
// shared. It is not atomic: a process that was born during the pass may be
// missing, so "nothing is left" is only sure when a second look agrees.
type Snapshot struct {
	At     time.Time     // when the pass began
	Uptime time.Duration // since boot, suspend included, at the same moment

	procs []Proc // by PID

	index     sync.Once // makes the two below, which only Tree needs
	byParent  []int32   // places in procs, by PPID
	bySession []int32   // places in procs, by SID
}

func newSnapshot(at time.Time, uptime time.Duration, procs []Proc) *Snapshot {
	byPID := func(a, b Proc) int { return cmp.Compare(a.PID, b.PID) }
	if !slices.IsSortedFunc(procs, byPID) { // the kernel lists them in order
		slices.SortFunc(procs, byPID)
	}
	return &Snapshot{At: at, Uptime: uptime, procs: procs}
}

// Proc returns the process with that number.
func (s *Snapshot) Proc(pid int) (Proc, bool) {
	i, ok := s.find(int32(pid))
	if !ok {
		return Proc{}, false
	}
	return s.procs[i], true
}

func (s *Snapshot) find(pid int32) (int, bool) {
	return slices.BinarySearchFunc(s.procs, pid, func(p Proc, pid int32) int { return cmp.Compare(p.PID, pid) })
}

// All yields every process, by PID.
func (s *Snapshot) All() iter.Seq[Proc] { return slices.Values(s.procs) }

// Len is the number of processes.
func (s *Snapshot) Len() int { return len(s.procs) }

// Tree returns the process that was started as pid at start (ticks since boot)
// and everything that belongs to it: see Gatherer.Add.
func (s *Snapshot) Tree(pid int, start uint64) []Proc {
	g := s.Gatherer()
	g.Add(pid, start)
	return g.Found()
}

func parent(p Proc) int32  { return p.PPID }
func session(p Proc) int32 { return p.SID }

func (s *Snapshot) makeIndex() {
	s.byParent = s.sorted(parent)
	s.bySession = s.sorted(session)
}

func (s *Snapshot) sorted(key func(Proc) int32) []int32 {
	places := make([]int32, len(s.procs))
	for i := range places {
		places[i] = int32(i)
	}
	slices.SortStableFunc(places, func(a, b int32) int {
		return cmp.Compare(key(s.procs[a]), key(s.procs[b]))
	})
	return places
}
