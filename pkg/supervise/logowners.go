package supervise

import (
	"fmt"

	"github.com/leadmaster/hub/pkg/spec"
)

// SharedLog is the error of a start that would let an app write to a log file of
// another one.
type SharedLog struct {
	App string
	Err error // which file of which other app
}

func (e *SharedLog) Error() string { return fmt.Sprintf("app %q %v", e.App, e.Err) }

// Unwrap returns Err.
func (e *SharedLog) Unwrap() error { return e.Err }

// logsApart returns a *SharedLog when an instance of the plans would write to a
// log file of another app: of one that is there, but for what the plans replace,
// or of one among the plans. s.mu is held.
func (s *Supervisor) logsApart(plans []plan) error {
	replaced := make(map[*Instance]bool)
	for n := range plans {
		for _, i := range plans[n].old {
			replaced[i] = true
		}
	}
	owners := make(spec.LogOwners)
	for _, i := range s.instances {
		if !replaced[i] {
			i.claimLogs(owners)
		}
	}
	for n := range plans {
		p := &plans[n]
		for _, number := range p.numbers() {
			if err := owners.Claim(p.Spec, number); err != nil {
				return &SharedLog{p.Spec.Name, err}
			}
		}
	}
	return nil
}

// claimLogs claims the log files of an instance that was let in: those that it
// has, and those that it has been asked to have, with the registry's lock held.
func (i *Instance) claimLogs(owners spec.LogOwners) {
	st := i.Status()
	_ = owners.Claim(st.Spec, i.Number)
	for _, next := range []*spec.Spec{st.latest, i.asked} {
		if next != nil && next != st.Spec {
			_ = owners.Claim(next, i.Number)
		}
	}
}
