package supervise

import (
	"time"

	"github.com/leadmaster/hub/pkg/stats"
)

// SetMemoryInterval changes how often the memory of apps with a limit is looked
// at, from now on.
func (s *Supervisor) SetMemoryInterval(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.MemoryInterval = d
	select { // the last word counts
	case <-s.paces:
	default:
	}
	s.paces <- d
}

// watchMemory starts looking at memory, if nobody looks. It is called when an
// app with a limit is launched, and ends when there is none any more.
func (s *Supervisor) watchMemory() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.memory {
		return
	}
	s.memory = true
	tick := time.NewTicker(s.MemoryInterval)
	go func() {
		defer tick.Stop()
		for {
			select {
			case <-s.ctx.Done():
				return
			case d := <-s.paces:
				tick.Reset(d)
				continue
			case <-tick.C:
			}
			s.mu.Lock()
			if !s.anyLimit() {
				s.memory = false
				s.mu.Unlock()
				return
			}
			s.mu.Unlock()
			s.checkMemory()
		}
	}()
}

// anyLimit is called with s.mu held.
func (s *Supervisor) anyLimit() bool {
	for _, i := range s.instances {
		if i.Status().Spec.MaxMemory > 0 {
			return true
		}
	}
	return false
}

// checkMemory compares the memory of each tree with its limit. The sum of
// resident sizes counts shared pages once for each process; only when that is
// over the limit is it worth asking for the proportional size, which is exact
// and slow.
func (s *Supervisor) checkMemory() {
	c, err := s.census(s.ctx)
	if err != nil {
		s.Log.Error("memory can't be checked", "error", err)
		return
	}
	g := c.snapshot.Gatherer()
	for _, i := range s.Instances() {
		st := i.Status()
		if st.PID == 0 {
			continue
		}
		tree := c.gather(g, st.UUID, []member{{st.PID, st.started}}, st.rivals, st.Generation)
		used := stats.RSS(tree)
		i.sawMemory(used)
		limit := int64(st.Spec.MaxMemory)
		if limit == 0 || used <= limit || st.State != Online && st.State != Launching {
			continue
		}
		if used = proportional(tree); used > limit {
			i.mail.put(overLimit{st.Generation, used, limit})
		}
	}
}

// proportional sums the proportional sizes of a tree, in bytes: pages that its
// processes share are counted once.
func proportional(tree []stats.Proc) (bytes int64) {
	for _, p := range tree {
		pss, err := stats.PSS(int(p.PID))
		if err != nil {
			pss = p.RSS // it ended, or may not be looked at
		}
		bytes += pss
	}
	return bytes
}

// sawMemory keeps the highest memory of the instance's tree.
func (i *Instance) sawMemory(bytes int64) {
	for {
		old := i.peak.Load()
		if bytes <= old || i.peak.CompareAndSwap(old, bytes) {
			return
		}
	}
}
