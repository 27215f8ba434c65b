package supervise

import (
	"fmt"
	"os"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

const (
	// ownDescriptors are what each running instance keeps open: the pipes of its
	// two streams and its pidfd.
	ownDescriptors = 3
	// mostDescriptors is the most that descriptors returns for one instance, without
	// sockets.
	mostDescriptors = ownDescriptors + 5
	// spareDescriptors are kept for clients, for launches under way, and for the
	// daemon's own files; of a small limit a quarter.
	spareDescriptors = 64
)

// descriptors returns how many file descriptors the daemon keeps open for n
// more instances of an app that run. What instances share, sockets and merged logs,
// is counted once.
func descriptors(s *spec.Spec, n int) int {
	each, files := ownDescriptors, 0
	for _, wanted := range []bool{s.IPC, s.Notify} {
		if wanted {
			each++
		}
	}
	if !s.DisableLogs {
		files = 2
		if s.LogFile != "" {
			files++
		}
	}
	shared := len(s.Listen)
	if s.MergeLogs {
		shared += files
	} else {
		each += files
	}
	if n == 0 {
		return 0
	}
	return n*each + shared
}

// NoRoom is the error of a start that would need more file descriptors than the
// daemon may open.
type NoRoom struct {
	App             string
	Instances, Need int
	Left, Limit     int
}

func (e *NoRoom) Error() string {
	noun := "instances"
	if e.Instances == 1 {
		noun = "instance"
	}
	return fmt.Sprintf("app %q: %d %s would need %d file descriptors; hubd has %d left of its %d", e.App, e.Instances, noun, e.Need, e.Left, e.Limit)
}

// RoomToStart returns a *NoRoom when instances that are there, and down, are too
// many for the descriptors that are left. Start looks after its own.
func (s *Supervisor) RoomToStart(list []*Instance) error {
	var plans []plan
	byApp := make(map[string]int)
	for _, i := range list {
		sp := i.Status().Spec
		n, ok := byApp[sp.Name]
		if !ok {
			n = len(plans)
			byApp[sp.Name] = n
			plans = append(plans, plan{Request: Request{Spec: sp}})
		}
		plans[n].kept = append(plans[n].kept, i)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room(descriptorLimit(), plans)
}

// room returns a *NoRoom when the instances that the plans launch are too many
// for the descriptors that are left of a limit, with s.mu held. What is open is
// looked at only when the limit may be near.
func (s *Supervisor) room(limit int, plans []plan) error {
	most := len(s.instances) * mostDescriptors
	for _, i := range s.instances {
		most += len(i.Status().Spec.Listen)
	}
	for n := range plans {
		most += len(plans[n].add)*mostDescriptors + len(plans[n].Spec.Listen)
	}
	spare := min(spareDescriptors, limit/4)
	if most <= limit-2*spare {
		return nil
	}
	used, need, counted := s.promised(), 0, false
	for n := range plans {
		p := &plans[n]
		launches := p.launches()
		more := descriptors(p.Spec, launches)
		if !counted && used+need+more > limit-2*spare {
			used, counted = max(used, openDescriptors(limit)), true
		}
		if left := max(0, limit-spare-used-need); more > left {
			return &NoRoom{App: p.Spec.Name, Instances: launches, Need: more, Left: left, Limit: limit}
		}
		need += more
	}
	return nil
}

// promised is how many descriptors the instances that are up have or will have,
// with s.mu held: a launch under way has not opened its own.
func (s *Supervisor) promised() (n int) {
	count, specs := make(map[string]int), make(map[string]*spec.Spec)
	for _, i := range s.instances {
		if st := i.Status(); st.Want == Up {
			count[st.Spec.Name]++
			specs[st.Spec.Name] = st.Spec
		}
	}
	for name, instances := range count {
		n += descriptors(specs[name], instances)
	}
	return n
}

// descriptorLimit is how many descriptors this process may have. The Go runtime
// has raised the soft limit to the hard one, and gives children the old one.
func descriptorLimit() int {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil || l.Cur > maxLimit {
		return maxLimit
	}
	return int(l.Cur)
}

// maxLimit is beyond what any kernel allows (fs.nr_open, proc_sys_fs(5)).
const maxLimit = 1 << 30

// openDescriptors counts the descriptors of this process. When there is none
// left to count with, they are as many as can be.
func openDescriptors(limit int) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return limit
	}
	return len(entries) - 1 // the folder's own
}
