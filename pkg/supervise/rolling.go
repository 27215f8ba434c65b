package supervise

import (
	"context"
	"errors"

	"github.com/leadmaster/hub/pkg/spec"
)

// ErrRolling means that an app can't be scaled, since a reload goes from one of
// its instances to the next.
var ErrRolling = errors.New("a reload of it is under way")

// Reload reloads instances, those of one app one after the other where two of
// its processes may run at once, and returns a pending outcome for each. base
// replaces the environment of those whose reload succeeds; nil leaves it.
func (s *Supervisor) Reload(list []*Instance, base *BaseEnv, cause string) (pending []*Pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
		pending = append(pending, s.roll(byApp[name], nil, base, cause)...)
	}
	return pending
}

// roll reloads instances of one app, with s.mu held; sp is their new spec, nil
// for the one they have. With overlap the next is reloaded when the one before
// has been, and none after one that failed: a bad release takes down nothing. An
// instance that gets another command meanwhile is left to that. Without overlap,
// all are restarted at once.
func (s *Supervisor) roll(list []*Instance, sp *spec.Spec, base *BaseEnv, cause string) []*Pending {
	var pending []*Pending
	if len(list) == 0 {
		return nil
	}
	rule := sp
	if rule == nil {
		rule = list[0].Status().latest
	}
	reload := command{verb: verbReload, spec: sp, base: base, cause: cause}
	if rule.Reload != spec.ReloadOverlap {
		for _, i := range list {
			i.commands.Add(1)
			pending = append(pending, i.order(reload))
		}
		return pending
	}
	outcomes, tickets := make([]chan Outcome, len(list)), make([]uint64, len(list))
	for n, i := range list {
		outcomes[n], tickets[n] = make(chan Outcome, 1), i.commands.Add(1)
		pending = append(pending, newPending(i, outcomes[n], sp))
	}
	s.rolling[rule.Name]++
	go func() {
		defer s.rolled(rule.Name)
		failed := false
		for n, i := range list {
			if failed {
				outcomes[n] <- Outcome{Err: "not reloaded, since another instance of the app could not be; the old process serves on", Status: i.Status()}
				continue
			}
			next := reload
			next.ticket = tickets[n]
			// Each instance answers sooner or later, whoever still listens.
			o := i.order(next).Wait(context.Background())
			failed = o.Err != "" && !o.passed
			outcomes[n] <- o
		}
	}()
	return pending
}

func (s *Supervisor) rolled(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rolling[name]--; s.rolling[name] == 0 {
		delete(s.rolling, name)
	}
}
