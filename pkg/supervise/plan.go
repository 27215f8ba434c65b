package supervise

import "github.com/leadmaster/hub/pkg/spec"

// plan is what a request comes to with the instances that there are. It holds
// as long as the registry is locked.
type plan struct {
	Request
	all  []*Instance // that the app has
	old  []*Instance // those that are touched, also those that are too many
	kept []*Instance // of old, those that get the spec
	add  []int       // the numbers of the new ones
}

// plans returns what the requests, each for another app, come to; s.mu is held.
// The error is ErrEnding, or those of whom a number is to be given anew (leaving).
func (s *Supervisor) plans(requests []Request) ([]plan, error) {
	if s.ending {
		return nil, ErrEnding
	}
	plans := make([]plan, 0, len(requests))
	var wait leaving
	for _, r := range requests {
		p := newPlan(r, s.app(r.Spec.Name))
		if len(p.add) > 0 { // asked for after app: whoever is not in one is in the other
			wait = append(wait, s.leaving(r.Spec.Name)...)
		}
		plans = append(plans, p)
	}
	if len(wait) > 0 {
		return nil, wait
	}
	return plans, nil
}

func newPlan(r Request, all []*Instance) plan {
	p := plan{Request: r, all: all}
	if len(all) > 0 && !r.UpdateEnv {
		p.Base = all[0].base.Load()
	}
	missing := r.Spec.Instances - len(all)
	switch r.Existing {
	case Add:
		missing = r.Spec.Instances
		p.Spec = withInstances(r.Spec, len(all)+missing)
	case Keep:
	default:
		p.old = all
		if len(r.IDs) > 0 {
			p.old, missing = p.among(all), 0
		}
	}
	p.kept = p.old[:min(len(p.old), p.Spec.Instances)]
	p.add = freeNumbers(all, missing)
	return p
}

// launches is how many instances are launched for which nothing is open yet.
func (p *plan) launches() int {
	if p.Hold {
		return 0
	}
	n := len(p.add)
	for _, i := range p.kept {
		if i.Status().Want != Up { // else it has its descriptors
			n++
		}
	}
	if p.Existing == Renew && p.Spec.Reload == spec.ReloadOverlap && len(p.kept) > 0 {
		n++ // one candidate at a time runs beside what it replaces
	}
	return n
}

// numbers are those of the instances that get the spec.
func (p *plan) numbers() []int {
	var list []int
	for _, i := range p.kept {
		list = append(list, i.Number)
	}
	return append(list, p.add...)
}

// freeNumbers are the n lowest numbers that no instance of an app has.
func freeNumbers(app []*Instance, n int) (free []int) {
	for number := 0; len(free) < n; number++ {
		if len(app) > 0 && app[0].Number == number { // they are in order of it
			app = app[1:]
		} else {
			free = append(free, number)
		}
	}
	return free
}

// admit returns why the plans must not be carried out, with s.mu held: the error
// of an Admit, a *SharedLog, a *SharedAddress or a *NoRoom.
func (s *Supervisor) admit(plans []plan) error {
	for n := range plans {
		p := &plans[n]
		for _, i := range p.all {
			if p.Admit == nil {
				break
			}
			if err := p.Admit(i.Status()); err != nil {
				return err
			}
		}
	}
	if err := s.logsApart(plans); err != nil {
		return err
	}
	if err := s.addressesApart(plans); err != nil {
		return err
	}
	return s.room(descriptorLimit(), plans)
}

// carryOut does what was admitted, with s.mu held.
func (s *Supervisor) carryOut(p *plan) []*Pending {
	if p.Existing == Add {
		resizeAll(p.all, p.Spec.Instances)
	}
	for _, i := range p.kept {
		i.asked = p.Spec
	}
	if p.Existing == Renew && !p.Hold {
		return s.bring(p.old, p.Request, s.register(p))
	}
	pending := s.bring(p.old, p.Request, nil)
	if p.Existing == Keep {
		pending, _ = Join(p.all, p.Since)
	}
	return append(pending, s.addAll(p)...)
}

// register adds the new instances of a plan without starting them, with s.mu
// held.
func (s *Supervisor) register(p *plan) (added []*Instance) {
	for _, number := range p.add {
		added = append(added, s.add(p.Spec, p.Base, number, true))
	}
	return added
}

// addAll adds the new instances of a plan, with s.mu held.
func (s *Supervisor) addAll(p *plan) (pending []*Pending) {
	for _, number := range p.add {
		i := s.add(p.Spec, p.Base, number, !p.Hold)
		v, sp := verbStart, (*spec.Spec)(nil)
		if p.Hold {
			v, sp = verbConfigure, p.Spec
		}
		pending = append(pending, i.send(v, sp, p.Cause))
	}
	return pending
}
