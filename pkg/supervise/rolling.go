package supervise

import (
	"context"

	"github.com/leadmaster/hub/pkg/spec"
)

// Reload reloads instances, those of one app one after the other where two of
// its processes may run at once, and returns a pending outcome for each.
func Reload(list []*Instance, cause string) (pending []*Pending) {
	byApp := make(map[string][]*Instance)
	var names []string
	for _, i := range list {
		name := i.Status().Spec.Name
		if byApp[name] == nil {
			names = append(names, name)
		}
		byApp[name] = append(byApp[name], i)
	}
	for _, name := range names {
		pending = append(pending, roll(byApp[name], nil, cause)...)
	}
	return pending
}

// roll reloads instances of one app; sp is their new spec, nil for the one they
// have. With overlap the next is reloaded when the one before has been, and none
// after one that failed: a bad release takes down nothing. Without, all are
// restarted at once.
func roll(list []*Instance, sp *spec.Spec, cause string) []*Pending {
	var pending []*Pending
	if len(list) == 0 {
		return nil
	}
	rule := sp
	if rule == nil {
		rule = list[0].Status().Spec
	}
	if rule.Reload != spec.ReloadOverlap {
		for _, i := range list {
			pending = append(pending, i.send(verbReload, sp, cause))
		}
		return pending
	}
	outcomes := make([]chan Outcome, len(list))
	for n, i := range list {
		outcomes[n] = make(chan Outcome, 1)
		pending = append(pending, newPending(i, outcomes[n], sp))
	}
	go func() {
		failed := false
		for n, i := range list {
			if failed {
				outcomes[n] <- Outcome{Err: "not reloaded, since another instance of the app could not be; the old process serves on", Status: i.Status()}
				continue
			}
			// Each instance answers sooner or later, whoever still listens.
			o := i.send(verbReload, sp, cause).Wait(context.Background())
			failed = o.Err != ""
			outcomes[n] <- o
		}
	}()
	return pending
}
