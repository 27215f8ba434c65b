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
		pending = append(pending, s.roll(byApp[name], nil, nil, base, cause)...)
	}
	return pending
}

// roll reloads instances of one app and then starts those that were added, with
// s.mu held; sp is the new spec, nil for the one they have. With overlap the next
// is reloaded when the one before has been, and none after one that failed: a bad
// release takes down nothing, and gets no instances of its own. An instance that
// gets another command meanwhile is left to that. Without overlap, everything is
// done at once.
func (s *Supervisor) roll(list, added []*Instance, sp *spec.Spec, base *BaseEnv, cause string) []*Pending {
	var steps []step
	for _, i := range list {
		steps = append(steps, step{i, command{verb: verbReload, spec: sp, base: base, cause: cause}})
	}
	for _, i := range added {
		steps = append(steps, step{i, command{verb: verbStart, cause: cause}})
	}
	if len(steps) == 0 {
		return nil
	}
	rule := sp
	if rule == nil {
		rule = list[0].Status().latest
	}
	var pending []*Pending
	if rule.Reload != spec.ReloadOverlap {
		for _, st := range steps {
			st.i.commands.Add(1)
			pending = append(pending, st.i.order(st.c))
		}
		return pending
	}
	outcomes := make([]chan Outcome, len(steps))
	for n := range steps {
		st := &steps[n]
		outcomes[n], st.c.ticket = make(chan Outcome, 1), st.i.commands.Add(1)
		pending = append(pending, newPending(st.i, outcomes[n], st.c.spec))
	}
	s.rolling[rule.Name]++
	go func() {
		defer s.rolled(rule.Name)
		failed := false
		for n := range steps {
			if failed {
				outcomes[n] <- steps[n].skip()
				continue
			}
			// Each instance answers sooner or later, whoever still listens.
			o := steps[n].i.order(steps[n].c).Wait(context.Background())
			failed = o.Err != "" && !o.passed
			outcomes[n] <- o
		}
	}()
	return pending
}

// step is what a roll does with one instance.
type step struct {
	i *Instance
	c command
}

// skip leaves the instance as it is after another one has failed; one that was
// added is taken back.
func (st step) skip() Outcome {
	if st.c.verb == verbReload {
		return Outcome{Err: "not reloaded, since another instance of the app could not be; the old process serves on", Status: st.i.Status()}
	}
	status := st.i.Status()
	st.i.send(verbDelete, nil, st.c.cause)
	return Outcome{Err: "not added, since another instance of the app could not be reloaded", Status: status}
}

func (s *Supervisor) rolled(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rolling[name]--; s.rolling[name] == 0 {
		delete(s.rolling, name)
	}
}
