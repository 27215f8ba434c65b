package supervise

import (
	"context"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/stats"
)

// census is one look at all processes, with the marked ones by instance. It is
// shared by all who ask at the same time.
type census struct {
	snapshot *stats.Snapshot
	marked   map[string][]marked // by uuid
	sure     bool                // there is no other marked one
}

// marked is a process that carries the mark of a launch.
type marked struct {
	member
	gen int
}

// rival is a launch whose processes belong to it and to no other one of the
// instance.
type rival struct {
	gen  int
	main member
}

// censuses makes a census of a snapshot once for all who share that.
type censuses struct {
	mu   sync.Mutex // guards last
	last *census
}

// census returns a look at the processes that is not older than the call.
func (s *Supervisor) census(ctx context.Context) (*census, error) {
	snap, err := s.Scanner.Scan(ctx)
	if err != nil {
		return nil, err
	}
	return s.censuses.of(snap, s.Scanner, s.HomeID+":"), nil
}

func (cs *censuses) of(snap *stats.Snapshot, scanner *stats.Scanner, prefix string) *census {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.last != nil && cs.last.snapshot == snap {
		return cs.last
	}
	c := &census{snapshot: snap, marked: make(map[string][]marked)}
	found, sure := scanner.Marked(snap, prefix)
	c.sure = sure
	for _, p := range found {
		uuid, number, _ := strings.Cut(strings.TrimPrefix(scanner.Mark(p), prefix), ":")
		gen, err := strconv.Atoi(number)
		if err != nil {
			gen = 0 // nobody's
		}
		c.marked[uuid] = append(c.marked[uuid], marked{member{int(p.PID), p.Start}, gen})
	}
	cs.last = c
	return c
}

// leader returns the main process of a launch by its mark: the one that leads a
// session of its own, as hub starts it. A process that it has started may do so
// too, and is younger.
func (c *census) leader(uuid string, gen int, boot string) *proc.Identity {
	var first *proc.Identity
	for _, m := range c.marked[uuid] {
		p, ok := c.snapshot.Proc(m.pid)
		if !ok || m.gen != gen || int(p.SID) != m.pid || p.Dead() {
			continue
		}
		if first == nil || m.start < first.Start {
			first = &proc.Identity{PID: m.pid, Start: m.start, Boot: boot}
		}
	}
	return first
}

// tree returns the processes of an instance: those of the given roots and those
// that carry its mark, with all that belongs to them, but without those of the
// rivals and of launches beyond the last.
func (c *census) tree(uuid string, roots []member, rivals []rival, last int) []stats.Proc {
	return c.gather(c.snapshot.Gatherer(), uuid, roots, rivals, last)
}

// gather is tree with a Gatherer of the caller's; the result is valid until that
// is used again.
func (c *census) gather(g *stats.Gatherer, uuid string, roots []member, rivals []rival, last int) []stats.Proc {
	g.Reset()
	marks := c.marked[uuid]
	add := func(m member) {
		if m.pid != 0 {
			g.Add(m.pid, m.start)
		}
	}
	for _, r := range rivals {
		add(r.main)
		for _, m := range marks {
			if m.gen == r.gen {
				add(m.member)
			}
		}
	}
	for _, m := range marks {
		if m.gen > last { // launched after whoever looks has asked
			add(m.member)
		}
	}
	g.Exclude()
	for _, m := range roots {
		add(m)
	}
	for _, m := range marks {
		add(m.member)
	}
	return g.Found()
}

// Usage is what the tree of an instance uses, with launches that run beside the
// current one.
type Usage struct {
	Memory    int64   // bytes, sum of resident sizes
	CPU       float64 // percent of one core
	Processes int
}

// usageAge is how old the figures of Usage may be: a list in a loop costs one
// pass over /proc in that time.
const usageAge = 500 * time.Millisecond

// Usage returns what the given instances use, in the same order; zeros for those
// that do not run.
func (s *Supervisor) Usage(ctx context.Context, list []*Instance) ([]Usage, error) {
	usage := make([]Usage, len(list))
	snap, err := s.Scanner.Recent(ctx, usageAge)
	if err != nil {
		return usage, err
	}
	if anyNewer(list, snap) { // a row of zeros would be a lie
		if snap, err = s.Scanner.Scan(ctx); err != nil {
			return usage, err
		}
	}
	c := s.censuses.of(snap, s.Scanner, s.HomeID+":")
	g := snap.Gatherer()
	for n, i := range list {
		st := i.Status()
		if st.PID == 0 {
			continue
		}
		tree := c.gather(g, st.UUID, []member{{st.PID, st.started}}, nil, math.MaxInt)
		usage[n] = Usage{Memory: stats.RSS(tree), CPU: s.cpu.Percent(snap, tree), Processes: len(tree)}
		i.sawMemory(usage[n].Memory)
	}
	return usage, nil
}

// anyNewer reports whether an instance runs that the snapshot does not know.
func anyNewer(list []*Instance, snap *stats.Snapshot) bool {
	for _, i := range list {
		if st := i.Status(); st.PID != 0 {
			if p, ok := snap.Proc(st.PID); !ok || p.Start != st.started {
				return true
			}
		}
	}
	return false
}
