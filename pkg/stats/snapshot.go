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
// and everything that belongs to it: members of its session, which stay when
// their parents end, descendants, and sessions that these lead. The process
// itself, if it still exists, comes first; Dead ones are included.
//
// What has left the session and lost its parent is not found; Scanner.Marked
// finds that.
//
// When the number has been given to another process, nothing is left: a number
// is not reused while a session or group of that number exists.
func (s *Snapshot) Tree(pid int, start uint64) []Proc {
	main, alive := s.find(int32(pid))
	if alive && s.procs[main].Start != start {
		return nil
	}
	s.index.Do(s.makeIndex)
	g := gathering{snapshot: s, seen: make([]uint64, len(s.procs)/64+1)}
	if alive {
		g.add(int32(main))
	}
	g.addSession(int32(pid))
	for i := 0; i < len(g.tree); i++ {
		p := g.tree[i]
		g.addAll(s.byParent, p.PID, parent)
		if p.SID == p.PID {
			g.addSession(p.PID)
		}
	}
	return g.tree
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

// gathering collects a tree, each process once.
type gathering struct {
	snapshot *Snapshot
	tree     []Proc
	seen     []uint64 // a bit for each process of the snapshot
}

func (g *gathering) add(place int32) {
	word, bit := place/64, uint64(1)<<(place%64)
	if g.seen[word]&bit == 0 {
		g.seen[word] |= bit
		g.tree = append(g.tree, g.snapshot.procs[place])
	}
}

func (g *gathering) addSession(sid int32) { g.addAll(g.snapshot.bySession, sid, session) }

// addAll adds the processes whose key is id; places is sorted by that key.
func (g *gathering) addAll(places []int32, id int32, key func(Proc) int32) {
	procs := g.snapshot.procs
	i, _ := slices.BinarySearchFunc(places, id, func(place, id int32) int {
		return cmp.Compare(key(procs[place]), id)
	})
	for ; i < len(places) && key(procs[places[i]]) == id; i++ {
		g.add(places[i])
	}
}
