package daemon

import (
	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/settings"
)

// reread reads hubd.yaml again, for what concerns the daemon itself; defaults
// for apps are read by whoever resolves them.
func (d *Daemon) reread(r *replies) error {
	set, err := settings.Load(d.home.Dir)
	if err != nil {
		return &api.Error{Code: api.CodeFailed, Message: err.Error(), Hint: "the daemon goes on with the settings it has", Target: settings.Name}
	}
	d.sup.SetMemoryInterval(set.MemoryInterval)
	d.log.Info("settings were read", "memory_interval", set.MemoryInterval)
	return r.last(api.ResultsReply{Results: []api.Result{}})
}
