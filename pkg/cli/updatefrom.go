package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/release"
)

const (
	// packageFiles is dpkg's list of what the Debian package has installed.
	packageFiles = "/var/lib/dpkg/info/hubd.list"
	// tryTime is how long each program of a release may take to show that it
	// works, as the daemon gives it.
	tryTime = 10 * time.Second
)

// updateFrom installs the programs of an archive and lets the daemon, if one runs,
// become the new one.
func (c *ctl) updateFrom(ctx context.Context, archive, sum string) error {
	// Over a connection that breaks it must not end between two programs.
	signal.Ignore(unix.SIGHUP)
	hubd, err := c.hubd()
	if err != nil {
		return err
	}
	dir := filepath.Dir(hubd)
	if packaged(packageFiles, dir) {
		return hint(fmt.Errorf("the programs in %s belong to the package hubd", dir), "install the next package instead: apt-get install ./hubd_VERSION_ARCH.deb")
	}
	archive = c.absolute(archive)
	if sum, err = wantedSum(archive, sum); err != nil {
		return err
	}
	runs, err := c.daemonRuns(ctx)
	if err != nil {
		return err
	}
	place, err := release.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return hint(fmt.Errorf("replace the programs: %w", err), "run it as the user who has installed them")
	}
	if err != nil {
		return fmt.Errorf("replace the programs: %w", err)
	}
	return errors.Join(c.replace(ctx, place, archive, sum, runs), place.Close())
}

// replace is updateFrom, up to the end of the stage.
func (c *ctl) replace(ctx context.Context, place *release.Place, archive, sum string, runs bool) error {
	if err := release.Unpack(archive, sum, place.Stage); err != nil {
		return hint(err, "nothing has been changed")
	}
	version, err := c.tryOut(ctx, place.Stage)
	if err != nil {
		return hint(fmt.Errorf("%s: %w", archive, err), "nothing has been changed")
	}
	if err := place.Replace(); err != nil {
		return err
	}
	dir := filepath.Dir(place.Stage)
	c.info("[v] hub %s is installed in %s", version, dir)
	if !runs {
		c.info("no daemon runs; the next command that needs one starts it")
		return nil
	}
	err = c.update(ctx)
	if err == nil || ctx.Err() != nil || c.executes(filepath.Join(dir, "hubd")) {
		return err
	}
	if failed := place.Restore(); failed != nil {
		return errors.Join(err, failed)
	}
	c.warn("the programs in %s are the old ones again", dir)
	return err
}

// wantedSum returns what an archive's checksum should be: the one that was given,
// or the one beside it.
func wantedSum(archive, given string) (string, error) {
	if given != "" {
		return release.ParseSum(given)
	}
	sum, err := release.Checksum(archive)
	if errors.Is(err, release.ErrNoChecksum) {
		err = hint(err, "get SHA256SUMS from where the archive is from, or give the checksum: --checksum HEX")
	}
	return sum, err
}

// daemonRuns tells whether there is a daemon to become another one.
func (c *ctl) daemonRuns(ctx context.Context) (bool, error) {
	err := c.inTime(func(ctx context.Context) error {
		_, err := c.looker.Daemon(ctx)
		return err
	})(ctx)
	if errors.Is(err, api.ErrNotRunning) {
		return false, nil
	}
	return err == nil, err
}

// tryOut lets programs show that they run on this machine, come from one release,
// and can read what the home holds. It returns their version.
func (c *ctl) tryOut(ctx context.Context, dir string) (version string, err error) {
	if _, err = c.output(ctx, filepath.Join(dir, "hub-keeper"), "--protocol"); err != nil {
		return "", err
	}
	if version, err = c.output(ctx, filepath.Join(dir, "hubctl"), "version"); err != nil {
		return "", err
	}
	question := "--self-check"
	if _, err := os.Stat(filepath.Join(c.Home, "state.json")); errors.Is(err, fs.ErrNotExist) {
		question = "--version" // no daemon has been here, so there is nothing to read
	}
	answer, err := c.output(ctx, filepath.Join(dir, "hubd"), question)
	if err == nil && !strings.HasSuffix(" "+answer, " "+version) {
		err = fmt.Errorf("hubctl is of version %s, and hubd says: %s", version, answer)
	}
	return version, err
}

// output runs a program as the daemon would run, and returns what it prints.
func (c *ctl) output(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = "/", c.daemonEnv()
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", filepath.Base(program), strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// executes tells whether the daemon that answers runs this very file.
func (c *ctl) executes(program string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	d, err := c.looker.Daemon(ctx)
	if err != nil {
		return false
	}
	running, err := os.Stat("/proc/" + strconv.Itoa(d.PID) + "/exe")
	if err != nil {
		return false
	}
	file, err := os.Stat(program)
	return err == nil && os.SameFile(running, file)
}

// packaged tells whether dpkg has installed the hubctl of a folder.
func packaged(list, dir string) bool {
	text, err := os.ReadFile(list)
	return err == nil && slices.Contains(strings.Split(string(text), "\n"), filepath.Join(dir, "hubctl"))
}
