package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/systemd"
)

func unstartupCommand(c *ctl) *cobra.Command {
	var o unitOptions
	cmd := &cobra.Command{
		Use:   "unstartup [systemd]",
		Short: "remove the unit that startup has made; daemon and apps run on",
		Long: `unstartup disables and removes the unit of this HUB_HOME. Its apps run on, under a
daemon that is no longer systemd's.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			if err := platform(args); err != nil {
				return err
			}
			return c.unstartup(ctx, &o)
		},
	}
	o.flags(cmd)
	return cmd
}

func (c *ctl) unstartup(ctx context.Context, o *unitOptions) error {
	u, err := c.unitFile(ctx, o)
	if err != nil {
		return err
	}
	unit := c.findUnit(systemd.Manager{User: o.user}, u, o)
	if unit == nil {
		return hint(fmt.Errorf("no unit starts the daemon of %s", u.Home), `"hubctl startup" makes one; -u, --user and --service-name say which is meant`)
	}
	if !o.user && os.Geteuid() != 0 {
		return c.asRoot("unstartup", u, o)
	}
	// The file first, so that no other hubctl has systemd start the unit again; systemd
	// itself forgets it last, since without its settings it would end the apps.
	if err := c.removeUnit(ctx, unit); err != nil {
		return err
	}
	run, err := c.endUnit(ctx, unit)
	if err != nil {
		return hint(fmt.Errorf("the unit is removed, but its daemon still runs in it: %w", err), "hubctl kill --keep-apps ends it, and the next hubctl command takes its apps over")
	}
	if systemd.Booted() {
		if _, err := unit.Systemctl(ctx, "daemon-reload"); err != nil {
			c.warn("%v", err)
		}
	}
	c.info("Init file disabled.")
	if !run {
		return nil
	}
	return c.goOn(ctx, unit)
}

// findUnit finds the unit of a home, by name where one is given.
func (c *ctl) findUnit(m systemd.Manager, u systemd.UnitFile, o *unitOptions) *systemd.Installed {
	unit := m.Find(u.Home)
	if unit != nil && o.name != "" && unit.Name != u.Name+".service" {
		return nil
	}
	return unit
}

// endUnit ends the daemon of a unit without its apps, and reports whether there was
// one.
func (c *ctl) endUnit(ctx context.Context, unit *systemd.Installed) (running bool, err error) {
	there := *c
	there.Home = unit.Home
	there.client, there.looker = &api.Client{Home: unit.Home}, &api.Client{Home: unit.Home}
	daemon, err := there.endDaemon(ctx, there.looker.Leave)
	if errors.Is(err, api.ErrNotRunning) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer daemon.release()
	if err := daemon.await(endTime); err != nil {
		return true, err
	}
	return true, c.awaitInactive(ctx, unit)
}

// removeUnit disables the unit and removes its file, where that is ours.
func (c *ctl) removeUnit(ctx context.Context, unit *systemd.Installed) error {
	if systemd.Booted() {
		c.info("systemctl %s", strings.Join(append(unit.Flags(), "disable", unit.Name), " "))
		if _, err := unit.Systemctl(ctx, "disable", unit.Name); err != nil {
			return fmt.Errorf("the unit stays: %w", err)
		}
	}
	if !strings.HasPrefix(unit.Path, unit.Folder()+"/") {
		c.info("%s belongs to a package and stays, disabled", unit.Path)
		return nil
	}
	if err := os.Remove(unit.Path); err != nil {
		return fmt.Errorf("the unit is disabled, but: %w", err)
	}
	c.info("Removed %s", unit.Path)
	return nil
}

// goOn starts a daemon that takes the unit's apps over, as the unit's user.
func (c *ctl) goOn(ctx context.Context, unit *systemd.Installed) error {
	there := *c
	there.Home = unit.Home
	there.client, there.looker = &api.Client{Home: unit.Home}, &api.Client{Home: unit.Home}
	if unit.Account != "" {
		account, as, err := credentialOf(unit.Account)
		if err != nil {
			return err
		}
		there.as = as
		// Nothing of root's: the user can read its daemon's environment.
		there.Env = []string{
			"HOME=" + account.HomeDir, "USER=" + unit.Account, "LOGNAME=" + unit.Account,
			"PATH=/usr/local/bin:/usr/bin:/bin", "HUB_HOME=" + unit.Home,
		}
	} else {
		there.Env = append(slices.Clone(c.Env), "HUB_HOME="+unit.Home)
	}
	if err := there.startHere(ctx); err != nil {
		return hint(fmt.Errorf("the unit is gone and its apps run on, but: %w", err), "the next hubctl command of "+unit.Home+" starts the daemon that takes them over")
	}
	c.info("[v] daemon and apps run on")
	return nil
}

// credentialOf is what a process of a user runs with, groups included.
func credentialOf(name string) (*user.User, *syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, nil, err
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, nil, err
	}
	var ids []uint32
	for _, text := range append([]string{u.Uid, u.Gid}, groups...) {
		id, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, nil, fmt.Errorf("user %s: %w", name, err)
		}
		ids = append(ids, uint32(id))
	}
	return u, &syscall.Credential{Uid: ids[0], Gid: ids[1], Groups: ids[2:]}, nil
}

// accountOf is a user by name, or whoever runs this.
func accountOf(name string) (*user.User, error) {
	if name == "" {
		return user.LookupId(fmt.Sprint(os.Geteuid()))
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, hint(fmt.Errorf("-u %s: %w", name, err), "the name of a user of this machine")
	}
	return u, nil
}
