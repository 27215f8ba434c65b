package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/systemd"
	"github.com/leadmaster/hub/pkg/unit"
)

// join makes daemon, keeper and apps part of a unit of systemd's that starts, and
// executes the program in the daemon's place, as update does: it is born in the
// unit. Everything goes on, and stays whose child it is.
func (d *Daemon) join(ctx context.Context, in *api.ControlCall) error {
	to := cgroup.UnitAt(in.Cgroup)
	if to.Name == "" || len(in.Environ) == 0 {
		return &api.Error{Code: api.CodeInvalid, Message: "cgroup is not one of a unit, or environ is missing", Hint: "the path of a group, as in /proc/PID/cgroup", Target: "cgroup"}
	}
	if name, ok := unit.Foreign(in.Environ); ok {
		return &api.Error{Code: api.CodeInvalid, Message: fmt.Sprintf("environ: %q is no variable of a unit", name), Hint: "NOTIFY_SOCKET, PIDFILE, WATCHDOG_USEC", Target: "environ"}
	}
	if err := checkProgram(ctx, in.Program); err != nil {
		return err
	}
	d.log.Info("join a unit of systemd's", "unit", to.Name, "program", in.Program, "cause", causeOf(ctx))
	if err := d.moveInto(ctx, to); err != nil {
		d.log.Error("can't join the unit; the daemon goes on as it is", "error", err)
		return &api.Error{Code: api.CodeFailed, Message: err.Error(), Hint: "the daemon goes on as it is", Target: to.Name}
	}
	return d.replaceBy(ctx, update{program: in.Program, environ: in.Environ})
}

// moves is how often processes are looked for that are not in the unit yet: those
// that were born meanwhile.
const moves = 20

// moveInto has systemd move all of our processes that are not in the unit into it.
// From there each goes into the group of its instance, which is ours to do.
func (d *Daemon) moveInto(ctx context.Context, to cgroup.Unit) error {
	for range moves {
		members, err := d.sup.Members(ctx)
		if err != nil {
			return err
		}
		outside := []int{os.Getpid(), d.keeperPID()}
		for _, pids := range members {
			outside = append(outside, pids...)
		}
		outside = slices.DeleteFunc(outside, func(pid int) bool { return pid == 0 || isIn(pid, to) })
		if len(outside) > 0 {
			// One that has ended meanwhile makes it fail halfway.
			err = systemd.Manager{User: to.User}.Attach(ctx, to.Name, to.Below, outside)
			if err != nil && !slices.ContainsFunc(outside, isGone) {
				return fmt.Errorf("move processes into %s: %w", to.Name, err)
			}
		}
		if !isIn(os.Getpid(), to) {
			continue // our groups are still the ones outside
		}
		grouped, err := d.group(members)
		if err != nil {
			return err
		}
		if len(outside) == 0 && grouped {
			return nil
		}
	}
	return errors.New("new processes appear faster than they can be moved")
}

// group puts processes into the groups of their instances, and reports whether all
// were there already.
func (d *Daemon) group(members map[string][]int) (all bool, err error) {
	tree, err := cgroup.Open(groupsOf(d.sup.HomeID))
	if err != nil {
		return true, nil // orphans are found by other means
	}
	all = true
	for uuid, pids := range members {
		pids = slices.DeleteFunc(pids, func(pid int) bool {
			u, err := cgroup.UnitOf(pid)
			return err != nil || tree.Member(u.Path+u.Below) == uuid
		})
		if len(pids) == 0 {
			continue
		}
		all = false
		if err := tree.Put(uuid, pids); err != nil {
			return false, fmt.Errorf("group of an app: %w", err)
		}
	}
	return all, nil
}

// isIn also holds for a process that is gone: it need not be moved.
func isIn(pid int, to cgroup.Unit) bool {
	u, err := cgroup.UnitOf(pid)
	return err != nil || u.Path == to.Path
}

func isGone(pid int) bool {
	_, err := cgroup.UnitOf(pid)
	return errors.Is(err, os.ErrNotExist)
}
