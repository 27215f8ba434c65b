package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/systemd"
	"github.com/leadmaster/hub/pkg/unit"
)

// unitStopWord and unitStoppedWord are what the unit runs as ExecStop= and
// ExecStopPost=.
const (
	unitStopWord    = "unit-stop"
	unitStoppedWord = "unit-stopped"
)

func unitStopCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:    unitStopWord,
		Short:  "end the apps and the daemon, for the unit that stops; at its restart neither",
		Hidden: true,
		Args:   noArguments,
		RunE:   func(cmd *cobra.Command, _ []string) error { return c.unitStop(cmd.Context()) },
	}
}

func unitStoppedCommand(c *ctl) *cobra.Command {
	return &cobra.Command{
		Use:    unitStoppedWord,
		Short:  "end what a stopped unit has left",
		Hidden: true,
		Args:   noArguments,
		RunE:   func(cmd *cobra.Command, _ []string) error { return c.unitStopped(cmd.Context()) },
	}
}

// detachTime is how long a daemon may take to answer that it knows of the stop.
const detachTime = 5 * time.Second

// unitStop ends everything, unless the unit stops in order to start anew: then the
// keeper's end, which comes next, makes the daemon its successor. Whether it is one
// or the other only the job tells.
func (c *ctl) unitStop(ctx context.Context) error {
	u, manager, err := ownUnit()
	if err != nil {
		return err
	}
	job, err := manager.Job(ctx, u.Name)
	switch {
	case err != nil:
		c.warn("taken for a stop: %v", err)
	case job == "": // the keeper has ended by itself, and leaves what it leaves on purpose
		return nil
	}
	// Neither the daemon nor the next one may be taken for the main process: systemd
	// would wait for its end.
	if err := c.detach(ctx); err != nil {
		c.warn("the daemon was not told of the stop: %v", err)
	}
	if path := unit.FromEnvironment().PIDFile; path != "" {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.warn("%v", err)
		}
	}
	if strings.HasSuffix(job, "restart") {
		return nil
	}
	return c.endUnitsApps(ctx)
}

// endUnitsApps ends everything, if there is a daemon: systemd wants none started.
func (c *ctl) endUnitsApps(ctx context.Context) error {
	c.client.Absent = nil
	err := c.end(ctx)
	if errors.Is(err, api.ErrNotRunning) {
		return nil
	}
	return err
}

// detach tells the daemon of the stop: the next one, where one has died over that.
func (c *ctl) detach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, detachTime)
	defer cancel()
	tick := time.NewTicker(rivalInterval)
	defer tick.Stop()
	for {
		err := c.looker.Detach(ctx)
		if err == nil || errors.Is(err, api.ErrNotRunning) { // the keeper holds the socket: it is gone too
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// unitStopped ends what is left of a unit that was stopped. Mostly that is nothing.
// Where systemd has not run ExecStop=, since the stop came in the middle of a restart
// or of a reload, it is everything, and ends in its own time; what the daemon could not
// end in time gets SIGKILL. After a crash, and between the two halves of a restart,
// everything is left alone.
func (c *ctl) unitStopped(ctx context.Context) error {
	u, manager, err := ownUnit()
	if err != nil {
		return err
	}
	if job, err := manager.Job(ctx, u.Name); err != nil || job != "stop" {
		return err
	}
	folder, err := cgroup.Folder(u)
	if err != nil {
		return err
	}
	if os.Getenv(resultVar) != resultTimeout {
		if left, err := processesBelow(folder); err == nil && len(left) > 0 {
			if err := c.endUnitsApps(ctx); err != nil {
				c.warn("%v", err)
			}
		}
	}
	left, err := killGroup(folder)
	if left > 0 {
		c.warn("left over, and ended by SIGKILL: %d of its processes", left)
	}
	return err
}

// What systemd tells ExecStopPost= of the service (systemd.exec(5)): after a timeout
// it has no more time to give.
const (
	resultVar     = "SERVICE_RESULT"
	resultTimeout = "timeout"
)

// ownUnit is the unit that has started us.
func ownUnit() (cgroup.Unit, systemd.Manager, error) {
	u, err := cgroup.UnitOf(os.Getpid())
	if err == nil && u.Name == "" {
		err = errors.New("this process is in none")
	}
	if err != nil {
		err = hint(fmt.Errorf("find the unit that stops: %w", err), "systemd runs this command; hubctl kill ends apps and daemon")
	}
	return u, systemd.Manager{User: u.User}, err
}

// killRounds bounds how often a group is gone through: what is killed can't start
// anything, but what has started it may have done so just before.
const killRounds = 100

// killGroup ends all processes of a group and those below, but for ourselves, and
// returns how many there were.
func killGroup(dir string) (killed int, err error) {
	for range killRounds {
		pids, err := processesBelow(dir)
		if err != nil || len(pids) == 0 {
			return killed, err
		}
		for _, pid := range pids {
			if unix.Kill(pid, unix.SIGKILL) == nil {
				killed++
			}
		}
		awaitGone(pids)
	}
	return killed, errors.New("new processes appear faster than they can be killed")
}

// processesBelow are those of a group and of the groups below it, but for ourselves.
func processesBelow(dir string) (pids []int, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return ignoreMissing(err)
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		for line := range strings.Lines(string(text)) {
			if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && pid != os.Getpid() {
				pids = append(pids, pid)
			}
		}
		return ignoreMissing(err)
	})
	return pids, err
}

// goneTime is how long the kernel may take for a process that was killed.
const goneTime = time.Second

func awaitGone(pids []int) {
	e := &endings{}
	defer e.release()
	for _, pid := range pids {
		_ = e.hold("a process", pid)
	}
	_ = e.await(goneTime)
}
