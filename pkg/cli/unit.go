package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/systemd"
)

// unit is the unit whose daemon has this home, nil without one.
func (c *ctl) unit() *systemd.Installed {
	if !systemd.Booted() {
		return nil
	}
	for _, m := range []systemd.Manager{{}, {User: true}} {
		if u := m.Find(c.Home); u != nil {
			return u
		}
	}
	return nil
}

// startUnit has systemd start the daemon. It returns when that answers and the saved
// apps were launched.
func (c *ctl) startUnit(ctx context.Context, u *systemd.Installed) error {
	if in, err := cgroup.UnitOf(os.Getpid()); err == nil && in.Name == u.Name && in.Below == "/.control" {
		// Systemd waits for us, and we would wait for it. It starts the daemon by itself.
		return api.ErrNotRunning
	}
	command := strings.Join(append(append([]string{"systemctl"}, u.Flags()...), "start", u.Name), " ")
	if !u.User && os.Geteuid() != 0 {
		return hint(fmt.Errorf("the daemon of %s is systemd's to start, by %s", c.Home, u.Name), "sudo "+command)
	}
	c.note("starting the daemon: %s", command)
	if _, err := u.Systemctl(ctx, "start", u.Name); err != nil {
		return hint(err, strings.Replace(command, "start", "status", 1)+" tells more")
	}
	return nil
}

const (
	// inactiveTime is how long systemd may take to notice that a unit has ended.
	inactiveTime = 10 * time.Second
	// inactiveInterval is the time between two questions; nothing tells us.
	inactiveInterval = 20 * time.Millisecond
)

// awaitInactive waits until systemd has noticed that the unit has ended by itself.
func (c *ctl) awaitInactive(ctx context.Context, u *systemd.Installed) error {
	ctx, cancel := context.WithTimeout(ctx, inactiveTime)
	defer cancel()
	tick := time.NewTicker(inactiveInterval)
	defer tick.Stop()
	for state := ""; ; {
		now, err := u.Systemctl(ctx, "show", "--property=ActiveState", "--value", u.Name)
		if err != nil && ctx.Err() == nil {
			return nil // nobody there who could count it as anything
		}
		if err == nil {
			state = strings.TrimSpace(now)
		}
		if state == "inactive" || state == "failed" {
			return nil
		}
		select {
		case <-ctx.Done():
			return hint(fmt.Errorf("systemd still counts %s as %s: %w", u.Name, state, ctx.Err()), "systemctl status "+u.Name+" tells why")
		case <-tick.C:
		}
	}
}
