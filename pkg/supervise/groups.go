package supervise

import (
	"errors"

	"github.com/leadmaster/hub/pkg/proc"
	"golang.org/x/sys/unix"
)

// openGroup returns a descriptor of the instance's cgroup, -1 where there can be
// none. All launches of the instance share it.
func (i *Instance) openGroup() int {
	if i.sup.Groups == nil {
		return -1
	}
	fd, err := i.sup.Groups.Group(i.UUID)
	if err != nil {
		i.sup.outsideOfGroup(err)
		return -1
	}
	return fd
}

// begin starts a process, in a cgroup where it has one. A start that fails is
// tried again outside: the error may be of the kernel, a filter of system calls or
// a rule of the hierarchy, and none of them is the app's. Where it is, it comes
// again.
func (s *Supervisor) begin(c proc.Command) (*proc.Process, error) {
	p, err := proc.Start(c)
	if err != nil && c.Cgroup > 0 {
		failed := err
		c.Cgroup = -1
		if p, err = proc.Start(c); err == nil {
			s.outsideOfGroup(failed)
		}
	}
	s.lookLater()
	return p, err
}

// outsideOfGroup tells once that apps are found by their marks and parents only.
func (s *Supervisor) outsideOfGroup(why error) {
	s.outside.Do(func() { s.Log.Info("apps run outside of cgroups of their own", "error", why) })
}

// removeGroup removes the cgroup of an instance that is deleted. One in which
// something still runs stays until a daemon begins or ends.
func (i *Instance) removeGroup() {
	if i.sup.Groups == nil {
		return
	}
	if err := i.sup.Groups.Remove(i.UUID); err != nil && !errors.Is(err, unix.EBUSY) {
		i.logError("cgroup", err)
	}
}

// PruneGroups removes the empty cgroups of instances that are gone: call it when
// those of the daemon before are known, and at the end.
func (s *Supervisor) PruneGroups() error {
	if s.Groups == nil {
		return nil
	}
	there := make(map[string]bool)
	for _, i := range s.Instances() {
		there[i.UUID] = true
	}
	return s.Groups.Prune(func(uuid string) bool { return there[uuid] })
}
