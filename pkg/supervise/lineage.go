package supervise

import (
	"cmp"
	"os"
	"slices"

	"github.com/leadmaster/hub/pkg/stats"
)

// claim says whose a process is.
type claim struct {
	uuid string
	gen  int
}

// marks are the processes that carry one of this home's, by pid.
type marks []mark

type mark struct {
	pid int32
	claim
}

func (m marks) of(pid int32) (claim, bool) {
	n, ok := slices.BinarySearchFunc(m, pid, func(k mark, pid int32) int { return cmp.Compare(k.pid, pid) })
	if !ok {
		return claim{}, false
	}
	return m[n].claim, true
}

// owners says whose each process of a snapshot is.
type owners struct {
	labels *stats.Labels
	claims []claim // by label; the first stands for nobody
}

func (o owners) of(p stats.Proc) (claim, bool) {
	n := o.labels.Of(p)
	return o.claims[n], n != 0
}

func memberOf(p stats.Proc) member { return member{int(p.PID), p.Start} }

// inherit finds whose the processes without a mark are (HUB_INSTANCE taken from
// their environment), adds them to what is claimed, and returns them for the next
// look: a parent that lives now says whose they are when it is gone then.
//
// What has neither a mark nor a parent is its cgroup's, else that of the parent
// at the last look: kin, as far as it lives. Nothing is kept of apps whose
// processes all carry the mark. foreign are those that carry the mark of another home
// or of a daemon.
func (s *Supervisor) inherit(c *census, marks marks, foreign []stats.Proc, kin map[member]claim) map[member]claim {
	mains := s.unmarkedMains(marks)
	c.bar(foreign, marks, mains, kin)
	c.owners.claims = []claim{{}}
	label := func(cl claim, ok bool) int32 {
		if !ok {
			return 0
		}
		list := &c.owners.claims
		if cl != (*list)[len(*list)-1] { // the processes of an app are often neighbours
			*list = append(*list, cl)
		}
		return int32(len(*list) - 1)
	}
	c.owners.labels = c.snapshot.Labels(
		func(p stats.Proc) int32 {
			if c.isOwn(p) {
				return -1
			}
			if cl, ok := marks.of(p.PID); ok {
				return label(cl, true)
			}
			if cl, ok := mains[memberOf(p)]; ok {
				return label(cl, true)
			}
			if _, ok := slices.BinarySearch(c.foreign, int(p.PID)); ok {
				return -1
			}
			return 0
		},
		func(p stats.Proc) int32 {
			cl, ok := kin[memberOf(p)]
			if uuid := s.groupOf(c, p); uuid != "" && uuid != cl.uuid {
				cl, ok = claim{uuid, unknown}, true
			}
			return label(cl, ok)
		})
	return c.takeKin(marks, mains)
}

// bar notes who is another home's: its daemon and keeper, which one of our apps may
// have started by hubctl, and its apps. They live as long as they are wanted there,
// although parent and cgroup say that they are ours. A hub that stays in the session
// of an app is that app's.
func (c *census) bar(foreign []stats.Proc, marks marks, mains, kin map[member]claim) {
	for _, p := range foreign {
		leader, alive := c.snapshot.Proc(int(p.SID))
		_, ours := kin[memberOf(p)] // as long as the leader lived
		if alive {
			_, marked := marks.of(p.SID)
			_, main := mains[memberOf(leader)]
			ours = marked || main
		}
		if ours {
			continue
		}
		c.foreign = append(c.foreign, int(p.PID)) // in order, as the snapshot is
	}
}

// groupOf returns whose cgroup an orphan is in, "" if it is nobody's. Processes
// with a parent are not looked at: what that is, they are.
func (s *Supervisor) groupOf(c *census, p stats.Proc) string {
	if s.Groups == nil || !slices.Contains(c.above, p.PPID) {
		return ""
	}
	return s.Groups.Member(s.Scanner.Group(p))
}

// takeKin claims the processes that have inherited, and returns them.
func (c *census) takeKin(marks marks, mains map[member]claim) (kin map[member]claim) {
	for p := range c.snapshot.All() {
		owner, ok := c.owners.of(p)
		_, marked := marks.of(p.PID)
		if m := memberOf(p); ok && !marked && mains[m] == (claim{}) && !p.Dead() {
			if kin == nil {
				kin = make(map[member]claim)
			}
			kin[m] = owner
			c.claimed[owner.uuid] = append(c.claimed[owner.uuid], claimed{m, owner.gen})
		}
	}
	return kin
}

// unmarkedMains are the main processes whose mark can't be read, such as a
// set-user-ID program's.
func (s *Supervisor) unmarkedMains(marks marks) (mains map[member]claim) {
	for _, i := range s.Instances() {
		st := i.Status()
		if _, ok := marks.of(int32(st.PID)); ok || st.PID == 0 {
			continue
		}
		if mains == nil {
			mains = make(map[member]claim)
		}
		mains[member{st.PID, st.started}] = claim{st.UUID, st.Generation}
	}
	return mains
}

// forebears are the processes that may get orphans of ours: one of those above
// the daemon, up to the first process.
func forebears(snap *stats.Snapshot) (pids []int32) {
	pid := int32(os.Getpid())
	for {
		p, ok := snap.Proc(int(pid))
		if !ok || p.PPID == 0 || slices.Contains(pids, p.PPID) {
			return pids
		}
		pid = p.PPID
		pids = append(pids, pid)
	}
}

// learn remembers that what c shows of a main process's session is the instance's,
// although that process has ended.
func (cs *censuses) learn(c *census, uuid string, main member) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, p := range c.snapshot.Tree(main.pid, main.start) {
		if _, ok := c.owners.of(p); !ok && !p.Dead() {
			if cs.kin == nil {
				cs.kin = make(map[member]claim)
			}
			cs.kin[memberOf(p)] = claim{uuid, unknown}
		}
	}
}
