package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/systemd"
)

func startupCommand(c *ctl) *cobra.Command {
	var o unitOptions
	cmd := &cobra.Command{
		Use:   "startup [systemd]",
		Short: "have the daemon started at boot, by systemd",
		Long: `startup writes a unit of systemd's, enables and starts it. A daemon that runs
becomes the unit's, with its keeper and its apps: none is restarted. At boot the unit
starts what "hubctl save" has saved, with the environment and the interpreters of then.

From now on hubctl has systemd start the daemon of this HUB_HOME. "systemctl restart"
and "systemctl reload" leave all apps running, "systemctl stop" and "hubctl kill" end
them. Whoever is not root is told the command to run as root; with --user the unit is
one of the user's own systemd, and nothing needs root.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			if err := platform(args); err != nil {
				return err
			}
			return c.startup(ctx, &o)
		},
	}
	o.flags(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&o.print, "print", false, "print the unit and change nothing")
	flags.BoolVar(&o.waitIP, "wait-ip", false, "start it when the network is up")
	flags.StringVar(&o.binDir, "bin-dir", "", "where hubctl and hubd lie for the unit (default: hubctl's own `folder`)")
	return cmd
}

// platforms are PM2's words for machines with systemd; others are words of
// other init systems.
var platforms = [...]string{"systemd", "ubuntu", "centos", "arch", "oracle"}

// platform refuses what is no systemd.
func platform(args []string) error {
	if len(args) > 0 && !slices.Contains(platforms[:], args[0]) {
		return hint(fmt.Errorf("init system %q is not supported", args[0]),
			`of init systems hub knows systemd. With another one, have "hubd --resurrect" run in the foreground with HUB_HOME set, and ended by SIGTERM`)
	}
	return nil
}

// unitOptions say which unit is meant.
type unitOptions struct {
	user   bool   // a unit of the user's own systemd
	as     string // whom the daemon runs as
	hp     string // that user's home folder
	name   string
	print  bool
	waitIP bool
	binDir string
}

func (o *unitOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&o.as, "as", "u", "", "whom the daemon runs as (PM2's --user `name`)")
	flags.StringVar(&o.hp, "hp", "", "home folder of that user, in which .hub lies (default: as in the password file)")
	flags.StringVar(&o.name, "service-name", "", "`name` of the unit (default: hubd, or hubd-<user> for others than root)")
	flags.BoolVar(&o.user, "user", false, "a unit of the user's own systemd")
}

// pm2User makes PM2's "--user name" what it means there, since --user alone is a
// flag here.
func pm2User(args []string) []string {
	var out []string
	for n := 0; n < len(args); n++ {
		name, given := strings.CutPrefix(args[n], "--user=")
		switch {
		case given && name != "true" && name != "false":
			out = append(out, "--as", name)
		case args[n] == "--user" && n+1 < len(args) && !strings.HasPrefix(args[n+1], "-") && !slices.Contains(platforms[:], args[n+1]):
			out = append(out, "--as", args[n+1])
			n++
		default:
			out = append(out, args[n])
		}
	}
	return out
}

func (c *ctl) startup(ctx context.Context, o *unitOptions) error {
	u, err := c.unitFile(ctx, o)
	if err != nil {
		return err
	}
	if o.print {
		_, err := c.Stdout.Write([]byte(u.Text()))
		return err
	}
	if !systemd.Booted() {
		return hint(errors.New("this machine was not booted with systemd"),
			`have "hubd --resurrect" run in the foreground at boot, with HUB_HOME set, and end it by SIGTERM. "hubctl startup --print" shows the unit for systemd`)
	}
	c.info("Init System found: systemd")
	if !o.user && os.Geteuid() != 0 {
		return c.asRoot("startup", u, o)
	}
	return c.installUnit(ctx, u, o)
}

// asRoot prints what root has to run. It is all of the last line, for scripts.
func (c *ctl) asRoot(command string, u systemd.UnitFile, o *unitOptions) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find hubctl's own file: %w", err)
	}
	words := []string{"sudo"}
	home, ok := strings.CutSuffix(u.Home, "/.hub")
	if !ok {
		words = append(words, "env", "HUB_HOME="+shellWord(u.Home))
	}
	account := u.Account
	if account == "" {
		account = "root"
	}
	words = append(words, shellWord(self), command, "systemd", "-u", shellWord(account))
	if ok {
		words = append(words, "--hp", shellWord(home))
	}
	if o.name != "" {
		words = append(words, "--service-name", shellWord(o.name))
	}
	if o.waitIP {
		words = append(words, "--wait-ip")
	}
	if o.binDir != "" {
		words = append(words, "--bin-dir", shellWord(o.binDir))
	}
	c.info("To %s, copy/paste the following command:", map[string]string{"startup": "setup the Startup Script", "unstartup": "remove the Startup Script"}[command])
	fmt.Fprintln(c.Stdout, strings.Join(words, " "))
	return errReported
}

// shellWord quotes what a shell would take apart.
func shellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+:@%="
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// installUnit writes the unit, enables it and starts it, which makes what runs
// already part of it.
func (c *ctl) installUnit(ctx context.Context, u systemd.UnitFile, o *unitOptions) error {
	m := systemd.Manager{User: o.user}
	path := filepath.Join(m.Folder(), u.Name+".service")
	if err := c.replaceable(m, path, u.Home); err != nil {
		return err
	}
	if err := c.onlyUnit(m, u); err != nil {
		return err
	}
	if !u.Rooted && u.Account == "" && !u.User {
		c.warn("root will execute the programs in %s at each boot, and others than root can replace them", u.BinDir)
	}
	if err := writeUnit(path, u.Text()); err != nil {
		return err
	}
	c.info("Wrote %s", path)
	for _, step := range [][]string{{"daemon-reload"}, {"enable", u.Name + ".service"}, {"start", u.Name + ".service"}} {
		c.info("systemctl %s", strings.Join(append(m.Flags(), step...), " "))
		if _, err := m.Systemctl(ctx, step...); err != nil {
			return hint(fmt.Errorf("the unit is written, but: %w", err), "systemctl "+strings.Join(append(m.Flags(), "status", u.Name), " ")+" and hubd.log in "+u.Home+" tell more")
		}
	}
	if o.user {
		c.linger(ctx)
	}
	c.info("[v] %s.service is active and enabled", u.Name)
	if err := c.nameOutsiders(ctx, u); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(u.Home, "dump.json")); errors.Is(err, fs.ErrNotExist) {
		c.info(`Nothing is saved yet: "hubctl save" saves the list that the next boot starts`)
	}
	c.info(`"hubctl unstartup" removes the unit again`)
	return nil
}

// replaceable refuses to write over somebody else's unit, or over that of another
// home.
func (c *ctl) replaceable(m systemd.Manager, path, home string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	there := m.Read(path)
	switch {
	case there == nil:
		return hint(fmt.Errorf("%s is there already and not of hub's", path), "choose another --service-name, or remove it")
	case there.Home != home:
		return hint(fmt.Errorf("%s is of another HUB_HOME, %s", path, there.Home), "choose another --service-name")
	}
	return nil
}

// onlyUnit refuses a second unit for a home, since each would take the keeper from the
// other, and a name that another service has, wherever its file lies.
func (c *ctl) onlyUnit(m systemd.Manager, u systemd.UnitFile) error {
	for _, other := range []systemd.Manager{{}, {User: true}} {
		if there := other.Find(u.Home); there != nil && (there.Name != u.Name+".service" || other != m) {
			return hint(fmt.Errorf("%s starts the daemon of %s already", there.Path, u.Home), "hubctl unstartup removes it; of a user's own systemd, hubctl unstartup --user")
		}
	}
	if path := m.Shadows(u.Name + ".service"); path != "" && m.Read(path) == nil {
		return hint(fmt.Errorf("%s is another service's", path), "choose another --service-name")
	}
	return nil
}

// writeUnit replaces the file by rename: systemd may be reading it.
func writeUnit(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write the unit: %w", err)
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the unit: %w", errors.Join(err, ignoreMissing(os.Remove(tmp))))
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write the unit: %w", errors.Join(err, os.Remove(tmp)))
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// linger has the user's own systemd run without a session, from boot on.
func (c *ctl) linger(ctx context.Context) {
	if err := systemd.Linger(ctx, username()); err != nil {
		c.warn("the unit starts at your first login, not at boot: %v", err)
		c.warn("To have it started at boot: sudo loginctl enable-linger %s", shellWord(username()))
	}
}

// nameOutsiders tells of apps that could not be moved into the unit: they would end
// with their session, or be left out of what systemd knows of the unit.
func (c *ctl) nameOutsiders(ctx context.Context, u systemd.UnitFile) error {
	client := api.Client{Home: u.Home}
	d, err := client.Daemon(ctx)
	if err != nil {
		return err
	}
	in, err := cgroup.UnitOf(d.PID)
	if err != nil {
		return nil // without cgroups of version 2 nobody can tell
	}
	rows, err := client.List(ctx)
	if err != nil {
		return err
	}
	var outside []string
	for i := range rows {
		if rows[i].PID == 0 {
			continue
		}
		if at, err := cgroup.UnitOf(rows[i].PID); err == nil && at.Path != in.Path && !slices.Contains(outside, rows[i].Name) {
			outside = append(outside, rows[i].Name)
		}
	}
	if len(outside) == 0 {
		return nil
	}
	c.warn("these apps run on in the session that they were started in, and may end with it: %s", strings.Join(outside, ", "))
	c.warn("To have them in the unit, restart them: hubctl restart %s", strings.Join(shellWords(outside), " "))
	return nil
}

func shellWords(words []string) []string {
	quoted := make([]string, len(words))
	for n, w := range words {
		quoted[n] = shellWord(w)
	}
	return quoted
}

// unitFile is the unit that the options and the environment mean.
func (c *ctl) unitFile(ctx context.Context, o *unitOptions) (systemd.UnitFile, error) {
	u := systemd.UnitFile{Home: c.Home, BinDir: o.binDir, User: o.user, WaitOnline: o.waitIP, Name: strings.TrimSuffix(o.name, ".service")}
	if o.user && (o.as != "" || o.hp != "") {
		return u, hint(errors.New("--user goes with neither -u nor --hp"), "--user is for the user who runs it; -u makes a unit of the machine's systemd")
	}
	if !o.user {
		account, err := accountOf(o.as)
		if err != nil {
			return u, err
		}
		if o.hp == "" {
			o.hp = account.HomeDir
		}
		if account.Username != "root" {
			u.Account = account.Username
		}
		// HUB_HOME, where it is set, is what the caller means whoever it is for.
		if c.getenv("HUB_HOME") == "" && (o.as != "" || o.hp != account.HomeDir) {
			u.Home = filepath.Join(o.hp, ".hub")
		}
		if err := ownedBy(u.Home, account.Uid); err != nil {
			return u, err
		}
	}
	if u.BinDir == "" {
		program, err := c.hubd()
		if err != nil {
			return u, err
		}
		u.BinDir = filepath.Dir(program)
	}
	if u.Name == "" {
		u.Name = "hubd"
		if u.Account != "" {
			u.Name += "-" + u.Account
		}
	}
	if err := validUnitName(u.Name); err != nil {
		return u, err
	}
	for what, path := range map[string]string{"HUB_HOME": u.Home, "the folder of hubd": u.BinDir} {
		if !filepath.IsAbs(path) || strings.ContainsFunc(path, isControl) {
			return u, hint(fmt.Errorf("%s, %q, can't stand in a unit", what, path), "an absolute path without control characters can")
		}
	}
	if o.print && o.binDir != "" {
		return u, nil // for other machines than this one
	}
	u.Rooted = os.Geteuid() == 0 && rooted(u.BinDir)
	// The programs may be missing: then there is nothing to know, and the file is one for all.
	u.Version, _ = systemd.Manager{User: o.user}.Version(ctx)
	u.StopTime = c.longestEnd(ctx, u.Home)
	return u, nil
}

// rooted reports whether root alone can replace the programs in a folder: them, and
// all on the way to them.
func rooted(dir string) bool {
	for _, name := range [...]string{"hubctl", "hubd", "hub-keeper"} {
		path, err := ownWay(filepath.Join(dir, name))
		if err != nil {
			return false
		}
		info, err := os.Lstat(path)
		if err != nil || checkOwn(path, info) != nil {
			return false
		}
	}
	return true
}

// validUnitName refuses what systemd would (systemd.unit(5)).
func validUnitName(name string) error {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_."
	if strings.Trim(name, plain) != "" || len(name) > 200 {
		return hint(fmt.Errorf("%q can't be the name of a unit", name), "letters, digits and :-_. are allowed; --service-name names another one")
	}
	return nil
}

// ownedBy refuses a home that the daemon could not use. It may be missing.
func ownedBy(home, uid string) error {
	info, err := os.Stat(home)
	if err != nil {
		return nil
	}
	if owner := fmt.Sprint(info.Sys().(*syscall.Stat_t).Uid); owner != uid {
		return hint(fmt.Errorf("%s belongs to uid %s, and the unit's daemon would run as uid %s", home, owner, uid), "-u names the user, HUB_HOME another home")
	}
	return nil
}

// longestEnd is how long the apps that are there may take to end.
func (c *ctl) longestEnd(ctx context.Context, home string) (longest time.Duration) {
	client := api.Client{Home: home}
	all, err := client.Processes(ctx, false)
	if err != nil {
		return 0 // the daemon asks for more at the stop itself
	}
	for i := range all {
		longest = max(longest, time.Duration(all[i].PM2Env.KillTimeout))
	}
	return longest
}
