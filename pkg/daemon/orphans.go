package daemon

import (
	"context"
	"log/slog"
	"os"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/supervise"
)

// openGroups returns the cgroups of this home's instances, nil where there can be
// none: their orphans are then found by other means.
func openGroups(homeID string, log *slog.Logger) *cgroup.Tree {
	tree, err := cgroup.Open(groupsOf(homeID))
	if err != nil {
		log.Info("apps get no cgroups of their own", "reason", err)
		return nil
	}
	return tree
}

// groupsOf is the name of the folder of a home's cgroups.
func groupsOf(homeID string) string { return "hub-" + homeID }

// keeperPID returns the pid of the daemon's keeper, 0 if there is none.
func (d *Daemon) keeperPID() int {
	if d.table == nil || d.table.Keeper != os.Getppid() {
		return 0
	}
	return d.table.Keeper
}

// keeperProgram is the file of hub-keeper, "" without a keeper.
func (d *Daemon) keeperProgram() string {
	if d.table == nil {
		return ""
	}
	return d.table.Program
}

// pruneGroups removes what is empty of the cgroups of instances that are gone.
func (d *Daemon) pruneGroups() {
	if err := d.sup.PruneGroups(); err != nil {
		d.log.Error("cgroups of apps that are gone", "error", err)
	}
}

// strays sends the processes that fit no instance.
func (d *Daemon) strays(ctx context.Context, _ *none, r *replies) error {
	list, err := d.sup.Strays(ctx)
	if err != nil {
		return &api.Error{Code: api.CodeFailed, Message: err.Error()}
	}
	strays := make([]api.Stray, 0, len(list))
	for _, s := range list {
		strays = append(strays, api.Stray{PID: s.PID, Command: s.Command, Started: s.Started.UnixMilli()})
	}
	return r.last(api.StraysReply{Strays: strays})
}

// Mark marks this process, and what it becomes and starts, as keeper and daemon: they
// are no app's, whoever has started them.
func Mark() error { return supervise.MarkDaemon() }
