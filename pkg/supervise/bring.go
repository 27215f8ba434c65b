package supervise

import "slices"

// bring starts instances that are there with the new spec and deletes those that
// are too many, with the registry's lock held. added are new ones of a reload,
// not yet started.
func (s *Supervisor) bring(old []*Instance, r Request, added []*Instance) (pending []*Pending) {
	var reloads []*Instance
	for n, i := range old {
		st := i.Status()
		switch {
		case n >= r.Spec.Instances:
			pending = append(pending, i.send(verbDelete, nil, r.Cause))
		case r.done(st):
			pending = append(pending, i.join())
		case r.Existing == Renew && !(r.Hold && st.State == Stopped):
			reloads = append(reloads, i)
			continue // its environment changes when the reload succeeds
		default:
			if r.UpdateEnv {
				i.base.Store(r.Base)
			}
			pending = append(pending, i.send(r.verb(st), r.Spec, r.Cause))
		}
	}
	var base *BaseEnv
	if r.UpdateEnv {
		base = r.Base
	}
	return append(pending, s.roll(reloads, added, r.Spec, base, r.Cause)...)
}

// verb is what an instance is told that gets a spec.
func (r *Request) verb(st *Status) verb {
	switch {
	case r.Hold && st.State == Stopped:
		return verbConfigure
	case r.Brief && len(st.Spec.Changes(r.Spec)) == 0:
		return verbRestart
	}
	return verbStart
}

// among returns the instances that the request is for. It changes their spec no
// further than one instance can: how many they are is a matter of the whole app.
func (r *Request) among(old []*Instance) []*Instance {
	some := filter(old, func(i *Instance) bool { return slices.Contains(r.IDs, i.ID) })
	if len(some) > 0 {
		r.Spec = withInstances(r.Spec, max(len(old), some[0].Status().latest.Instances))
	}
	return some
}
