package supervise

import (
	"context"
	"time"

	"github.com/leadmaster/hub/pkg/stats"
)

// Stray is a process that came from an app, nobody can say from which, or from
// one that is gone. It is never signalled.
type Stray struct {
	PID     int
	Command string // name of the program, 15 bytes at most
	Started time.Time
}

// Strays returns the keeper's children that fit no instance, and what belongs to
// instances that are gone.
func (s *Supervisor) Strays(ctx context.Context) ([]Stray, error) {
	c, err := s.census(ctx)
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool)
	for _, i := range s.Instances() {
		there[i.UUID] = true
	}
	var found []Stray
	for p := range c.snapshot.All() {
		owner, ok := c.owners.of(p)
		if p.Dead() || there[owner.uuid] || !ok && !c.isKeepers(p) {
			continue
		}
		name, err := stats.Command(int(p.PID))
		if err != nil {
			continue // it has ended meanwhile
		}
		found = append(found, Stray{int(p.PID), name, c.snapshot.StartedAt(p)})
	}
	return found, nil
}

// isKeepers reports whether p is a child of the keeper other than the daemon.
func (c *census) isKeepers(p stats.Proc) bool {
	return c.keeper != 0 && int(p.PPID) == c.keeper && int(p.PID) != c.self
}
