package supervise

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/stats"
)

// census is one look at all processes, with the marked ones by instance. It is
// shared by all who ask at the same time.
type census struct {
	snapshot *stats.Snapshot
	marked   map[string][]member // by uuid
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
	c := &census{snapshot: snap, marked: make(map[string][]member)}
	for _, p := range scanner.Marked(snap, prefix) {
		uuid, _, _ := strings.Cut(strings.TrimPrefix(scanner.Mark(p), prefix), ":")
		c.marked[uuid] = append(c.marked[uuid], member{int(p.PID), p.Start})
	}
	cs.last = c
	return c
}

// tree returns the processes of an instance: those of the given roots and those
// that carry its mark, with all that belongs to them.
func (c *census) tree(uuid string, roots []member) []stats.Proc {
	var tree []stats.Proc
	seen := make(map[int32]bool)
	for _, list := range [][]member{roots, c.marked[uuid]} {
		for _, m := range list {
			if m.pid == 0 || seen[int32(m.pid)] {
				continue
			}
			for _, p := range c.snapshot.Tree(m.pid, m.start) {
				if !seen[p.PID] {
					seen[p.PID] = true
					tree = append(tree, p)
				}
			}
		}
	}
	return tree
}

// Usage is what the tree of an instance uses.
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
	for n, i := range list {
		st := i.Status()
		if st.PID == 0 {
			continue
		}
		tree := c.tree(st.UUID, []member{{st.PID, st.started}})
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
