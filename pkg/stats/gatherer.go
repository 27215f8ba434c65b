package stats

import (
	"cmp"
	"slices"
)

// Gatherer collects trees of processes from a snapshot, each process once. It is
// for one goroutine; collecting the trees of many apps with one Gatherer spares
// garbage.
type Gatherer struct {
	snapshot *Snapshot
	found    []Proc
	seen     []uint64 // a bit for each process of the snapshot
}

// Gatherer returns one that has found nothing.
func (s *Snapshot) Gatherer() *Gatherer {
	s.index.Do(s.makeIndex)
	return &Gatherer{snapshot: s, seen: make([]uint64, len(s.procs)/64+1)}
}

// Found returns what was added since the last Exclude or Reset, in the order in
// which it was found. It is valid until the next call of one of the other
// methods.
func (g *Gatherer) Found() []Proc { return g.found }

// Exclude leaves out what was found so far: it is not found again.
func (g *Gatherer) Exclude() { g.found = g.found[:0] }

// Skip leaves out a process, and what belongs to others through it alone.
func (g *Gatherer) Skip(pid int) {
	if place, ok := g.snapshot.find(int32(pid)); ok {
		g.seen[place/64] |= uint64(1) << (place % 64)
	}
}

// Reset begins anew.
func (g *Gatherer) Reset() {
	clear(g.seen)
	g.found = g.found[:0]
}

// Add adds the process that was started as pid at start (ticks since boot) and
// everything that belongs to it: members of its session, which stay when their
// parents end, descendants, and sessions that these lead. The process itself, if
// it still exists, comes first; Dead ones are included.
//
// What has left the session and lost its parent is not found; Scanner.Marked
// finds that.
//
// When the number has been given to another process, nothing is left: a number
// is not reused while a session or group of that number exists.
func (g *Gatherer) Add(pid int, start uint64) {
	s := g.snapshot
	main, alive := s.find(int32(pid))
	if alive && s.procs[main].Start != start {
		return
	}
	next := len(g.found)
	if alive {
		g.add(int32(main))
	}
	g.addSession(int32(pid))
	for ; next < len(g.found); next++ {
		p := g.found[next]
		g.addAll(s.byParent, p.PID, parent)
		if p.SID == p.PID {
			g.addSession(p.PID)
		}
	}
}

func (g *Gatherer) add(place int32) {
	word, bit := place/64, uint64(1)<<(place%64)
	if g.seen[word]&bit == 0 {
		g.seen[word] |= bit
		g.found = append(g.found, g.snapshot.procs[place])
	}
}

func (g *Gatherer) addSession(sid int32) { g.addAll(g.snapshot.bySession, sid, session) }

// addAll adds the processes whose key is id; places is sorted by that key.
func (g *Gatherer) addAll(places []int32, id int32, key func(Proc) int32) {
	procs := g.snapshot.procs
	i, _ := slices.BinarySearchFunc(places, id, func(place, id int32) int {
		return cmp.Compare(key(procs[place]), id)
	})
	for ; i < len(places) && key(procs[places[i]]) == id; i++ {
		g.add(places[i])
	}
}
