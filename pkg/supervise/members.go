package supervise

import "context"

// Members returns the processes of each instance, by UUID.
func (s *Supervisor) Members(ctx context.Context) (map[string][]int, error) {
	c, err := s.census(ctx)
	if err != nil {
		return nil, err
	}
	members := make(map[string][]int)
	for _, i := range s.Instances() {
		members[i.UUID] = nil
	}
	for p := range c.snapshot.All() {
		owner, ok := c.owners.of(p)
		if _, there := members[owner.uuid]; ok && there && !p.Dead() {
			members[owner.uuid] = append(members[owner.uuid], int(p.PID))
		}
	}
	return members, nil
}
