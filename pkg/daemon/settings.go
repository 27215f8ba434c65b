package daemon

import (
	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/settings"
	"github.com/leadmaster/hub/pkg/store"
)

// settings reads hubd.yaml. A file that is wrong is whoever's who starts a daemon to
// put right; but not at the expense of apps that run: a daemon that is to take them
// over, or to start the saved ones after a boot, goes on with the settings before.
func (o *Options) settings(home *store.Home) (settings.Settings, error) {
	set, err := settings.Load(home.Dir)
	if err == nil || !o.Boot && !o.takesOver(home) {
		return set, err
	}
	o.Log.Warn("hubd.yaml is wrong and left as it is; until it is right the settings before it count", "error", err)
	return settings.Before(home.Dir), nil
}

// takesOver reports whether there may be something of an earlier daemon.
func (o *Options) takesOver(home *store.Home) bool {
	if o.Table != nil && o.Table.Answered {
		return true
	}
	found := false
	err := home.Records(func(string, string) { found = true })
	return found || err != nil
}

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
