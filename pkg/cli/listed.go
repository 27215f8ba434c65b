package cli

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/leadmaster/hub/pkg/api"
)

// listedApp is an app of the list, as far as targets mean it.
type listedApp struct {
	name     string
	username string
	// Where it came from: a file (empty for none), and what --env and --namespace
	// said.
	file, envName, namespace string

	ids  []int // the instances that are meant
	some bool  // it has others
}

// instances returns the instances that targets mean, and the targets that mean
// none.
func (c *ctl) instances(ctx context.Context, targets []string) (found []api.Process, unknown []string, err error) {
	targets = slices.Clone(targets)
	for len(targets) > 0 {
		err := c.inTime(func(ctx context.Context) (err error) {
			found, err = c.client.Processes(ctx, true, targets...)
			return err
		})(ctx)
		var e *api.Error
		at := -1
		if errors.As(err, &e) && e.Code == api.CodeNotFound {
			at = slices.Index(targets, e.Target)
		}
		if at < 0 {
			return found, unknown, err
		}
		unknown = append(unknown, targets[at])
		targets = slices.Delete(targets, at, at+1)
	}
	return nil, unknown, nil
}

// byApp gathers instances by app, in order of their first ones.
func byApp(found []api.Process) []*listedApp {
	var apps []*listedApp
	at := make(map[string]*listedApp)
	for i := range found {
		p := &found[i]
		a := at[p.Name]
		if a == nil {
			a = &listedApp{name: p.Name, username: p.PM2Env.Username}
			if hub := p.Hub; hub != nil {
				a.file, a.envName, a.namespace = hub.File, hub.EnvName, hub.DefaultNamespace
			}
			at[p.Name] = a
			apps = append(apps, a)
		}
		a.ids = append(a.ids, p.PMID)
		a.some = len(a.ids) < p.PM2Env.Instances
	}
	return apps
}

// targets are the instances as targets of Act.
func (a *listedApp) targets() []string {
	out := make([]string, len(a.ids))
	for i, id := range a.ids {
		out[i] = strconv.Itoa(id)
	}
	return out
}
