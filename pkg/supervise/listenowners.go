package supervise

import (
	"fmt"

	"github.com/leadmaster/hub/pkg/spec"
)

// SharedAddress is the error of a start of an app that is to listen where another
// one that is up does.
type SharedAddress struct {
	App string
	Err error // which address of which other app
}

func (e *SharedAddress) Error() string { return fmt.Sprintf("app %q: listen: %v", e.App, e.Err) }

// Unwrap returns Err.
func (e *SharedAddress) Unwrap() error { return e.Err }

// addressesApart returns a *SharedAddress when an app of the plans that is to be up
// would listen where another one that is up does, or is to be; s.mu is held. What has
// changed until the launch, that finds out.
func (s *Supervisor) addressesApart(plans []plan) error {
	replaced, some := make(map[*Instance]bool), false
	for n := range plans {
		some = some || len(plans[n].Spec.Listen) > 0
		for _, i := range plans[n].old {
			replaced[i] = true
		}
	}
	if !some {
		return nil
	}
	var owners spec.AddressOwners
	for _, i := range s.instances {
		if st := i.Status(); needsSockets(st.Want, st.State) && !replaced[i] {
			_ = owners.Claim(st.Spec)
			_ = owners.Claim(st.latest)
		}
	}
	for n := range plans {
		p := &plans[n]
		if p.Hold || len(p.numbers()) == 0 {
			continue
		}
		if err := owners.Claim(p.Spec); err != nil {
			return &SharedAddress{p.Spec.Name, err}
		}
	}
	return nil
}
