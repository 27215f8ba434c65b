package supervise

import (
	"context"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/stats"
)

// census is one look at all processes, with what says whose they are. It is
// shared by all who ask at the same time.
type census struct {
	snapshot *stats.Snapshot
	claimed  map[string][]claimed // by uuid
	sure     bool                 // none has a mark that could not be read yet
	self     int                  // pid of the daemon
	keeper   int                  // its pid, 0 without one
	above    []int32              // who gets orphans: see forebears
	foreign  []int                // pids of other homes' processes, whoever has started them
	owners   owners
}

// claimed is a process that belongs to a launch for another reason than its place
// in the tree.
type claimed struct {
	member
	gen int // unknown if only the cgroup says that it belongs to the instance
}

// unknown is the generation of a process that may be of any launch.
const unknown = 0

// rival is a launch whose processes belong to it and to no other one of the
// instance.
type rival struct {
	gen  int
	main member
}

// censuses makes a census of a snapshot once for all who share that, and
// remembers what the next one can't see any more.
type censuses struct {
	mu   sync.Mutex // guards the rest
	last *census
	kin  map[member]claim
}

// census returns a look at the processes that is not older than the call.
func (s *Supervisor) census(ctx context.Context) (*census, error) {
	snap, err := s.Scanner.Scan(ctx)
	if err != nil {
		return nil, err
	}
	return s.censusOf(snap), nil
}

func (s *Supervisor) censusOf(snap *stats.Snapshot) *census {
	cs := &s.censuses
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.last != nil && cs.last.snapshot == snap {
		return cs.last
	}
	c := &census{snapshot: snap, claimed: make(map[string][]claimed), self: os.Getpid(), keeper: s.KeeperPID, above: forebears(snap)}
	found, doubtful := s.Scanner.Marked(snap, "")
	list := make(marks, 0, len(found))
	var foreign []stats.Proc
	for _, p := range found {
		if c.isOwn(p) {
			continue
		}
		text := s.Scanner.Mark(p)
		if !strings.HasPrefix(text, s.HomeID+":") {
			foreign = append(foreign, p)
			continue
		}
		cl := s.claimOf(text)
		if uuid := s.groupOf(c, p); uuid != "" && uuid != cl.uuid {
			cl = claim{uuid, unknown} // a mark can be forged
		}
		list = append(list, mark{p.PID, cl})
		c.claimed[cl.uuid] = append(c.claimed[cl.uuid], claimed{memberOf(p), cl.gen})
	}
	cs.kin = s.inherit(c, list, foreign, cs.kin)
	c.sure = !slices.ContainsFunc(doubtful, func(p stats.Proc) bool {
		_, known := c.owners.of(p)
		return !known
	})
	cs.last = c
	return c
}

// isOwn reports whether p is the daemon or the keeper, which are no app's although
// one may have started them: an app that calls hubctl when no daemon runs.
func (c *census) isOwn(p stats.Proc) bool {
	return int(p.PID) == c.self || int(p.PID) == c.keeper
}

// hasSession reports whether the number of a main process, which ended at that time
// if it did, still names its session. All of a session that is not its own any more
// began after that: no number is used again while its session has members.
func (c *census) hasSession(main member, ended uint64) bool {
	if ended == 0 {
		return true
	}
	for p := range c.snapshot.All() {
		if int(p.SID) == main.pid && p.Start <= ended {
			return true
		}
	}
	return false
}

// claimOf reads a mark of this home.
func (s *Supervisor) claimOf(mark string) claim {
	uuid, number, _ := strings.Cut(strings.TrimPrefix(mark, s.HomeID+":"), ":")
	gen, err := strconv.Atoi(number)
	if err != nil {
		gen = unknown
	}
	return claim{uuid, gen}
}

// tree returns the processes of an instance: those of the given roots and those
// that are claimed for it, with all that belongs to them, but without those of the
// rivals and of launches beyond the last.
func (c *census) tree(uuid string, roots []member, rivals []rival, last int) []stats.Proc {
	return c.gather(c.snapshot.Gatherer(), uuid, roots, rivals, last)
}

// gather is tree with a Gatherer of the caller's; the result is valid until that
// is used again.
func (c *census) gather(g *stats.Gatherer, uuid string, roots []member, rivals []rival, last int) []stats.Proc {
	g.Reset()
	g.Skip(c.self)
	g.Skip(c.keeper)
	for _, pid := range c.foreign {
		g.Skip(pid)
	}
	claims := c.claimed[uuid]
	add := func(m member) {
		if m.pid != 0 {
			g.Add(m.pid, m.start)
		}
	}
	for _, r := range rivals {
		add(r.main)
	}
	// A process of an unknown launch that is older than all others is none of theirs.
	others := firstOther(claims, rivals, last)
	for _, m := range claims {
		if m.gen > last || isRival(m.gen, rivals) || m.gen == unknown && m.start >= others {
			add(m.member)
		}
	}
	g.Exclude()
	for _, m := range roots {
		add(m)
	}
	for _, m := range claims {
		add(m.member)
	}
	return g.Found()
}

func isRival(gen int, rivals []rival) bool {
	return slices.ContainsFunc(rivals, func(r rival) bool { return r.gen == gen })
}

// firstOther is when the first of the rivals and of the launches beyond the last
// began, as far as processes tell.
func firstOther(claims []claimed, rivals []rival, last int) uint64 {
	first := uint64(math.MaxUint64)
	for _, r := range rivals {
		first = min(first, r.main.start)
	}
	for _, m := range claims {
		if m.gen > last {
			first = min(first, m.start)
		}
	}
	return first
}

// Usage is what the tree of an instance uses, with launches that run beside the
// current one.
type Usage struct {
	Memory    int64   // bytes, sum of resident sizes
	CPU       float64 // percent of one core
	Processes int     // that live
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
	c := s.censusOf(snap)
	g := snap.Gatherer()
	for n, i := range list {
		st := i.Status()
		if st.PID == 0 {
			continue
		}
		tree := c.gather(g, st.UUID, []member{{st.PID, st.started}}, nil, math.MaxInt)
		usage[n] = Usage{Memory: stats.RSS(tree), CPU: s.cpu.Percent(snap, tree), Processes: living(tree)}
		i.sawMemory(usage[n].Memory)
	}
	return usage, nil
}

// living counts the processes that are not only waiting to be reaped.
func living(tree []stats.Proc) (n int) {
	for _, p := range tree {
		if !p.Dead() {
			n++
		}
	}
	return n
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
