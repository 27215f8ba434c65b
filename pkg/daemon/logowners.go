package daemon

import (
	"fmt"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// refuseSharedLogs refuses apps that would write to a log file of another one:
// of the list, but for what the specs replace, or among themselves.
func (d *Daemon) refuseSharedLogs(specs []spec.Spec) error {
	replaced := make(map[string]bool)
	for n := range specs {
		replaced[specs[n].Name] = true
	}
	owners := make(spec.LogOwners)
	for _, i := range d.sup.Instances() {
		if s := i.Status().Spec; !replaced[s.Name] {
			_ = owners.Claim(s, i.Number) // they were let in
		}
	}
	for n := range specs {
		s := &specs[n]
		if err := owners.ClaimAll(s); err != nil {
			return &api.Error{
				Code: api.CodeRefused, Target: s.Name, Message: fmt.Sprintf("app %q %v", s.Name, err),
				Hint: "nothing was started",
			}
		}
	}
	return nil
}
