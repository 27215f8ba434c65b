package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/systemd"
	"github.com/leadmaster/hub/pkg/unit"
)

const (
	// takeInTime is how long a daemon that runs may take to become part of our unit,
	// the taking over of its apps included.
	takeInTime = time.Minute
	// lookInterval is the time between two looks at what it is doing; nothing tells
	// us.
	lookInterval = 10 * time.Millisecond
	// answerTime is how long an answer is waited for: a daemon that hangs is its
	// keeper's to replace.
	answerTime = 2 * time.Second
	// mostJoins is how often it is asked to join. Mostly once is enough.
	mostJoins = 5
)

// takeIn makes the daemon that has the home, its keeper and its apps part of the
// unit that systemd has started us for, and makes the keeper the unit's main process.
// So does a restart of the unit, over which they go on running. Where they can't be
// moved the daemon ends and leaves its apps to us: the lock is then ours.
func takeIn(home *store.Home) (*store.Lock, error) {
	ctx, cancel := context.WithTimeout(context.Background(), takeInTime)
	defer cancel()
	t := &taking{home: home, client: &api.Client{Home: home.Dir}, unit: unit.FromEnvironment()}
	var err error
	if t.cgroup, err = ownCgroup(); err != nil {
		return nil, err
	}
	// The unit is stopped, or started anew, while it still starts: KillSignal=.
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGUSR2)
	defer signal.Stop(stopped)
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		lock, err := home.Lock()
		if !errors.Is(err, store.ErrLocked) {
			return lock, err
		}
		done, err := t.try(ctx)
		switch {
		case done:
			return nil, t.handOver(ctx)
		case t.joins > mostJoins:
			return nil, err
		}
		select {
		case <-stopped:
			return nil, t.stop(ctx)
		case <-ctx.Done():
			return nil, fmt.Errorf("the daemon that runs could not be made part of the unit: %w", errors.Join(err, ctx.Err()))
		case <-tick.C:
		}
	}
}

// taking is what takeIn knows.
type taking struct {
	home   *store.Home
	client *api.Client
	unit   unit.Unit
	cgroup string // our own
	keeper int    // pid
	joins  int
}

// try reports whether everything is done. An error may pass.
func (t *taking) try(ctx context.Context) (done bool, err error) {
	short, cancel := context.WithTimeout(ctx, answerTime)
	d, err := t.client.Daemon(short)
	cancel()
	if err != nil || d.State != "online" || d.Keeper == 0 {
		return false, err // it starts, ends, or is being replaced
	}
	t.keeper = d.Keeper
	if t.has(d.Keeper) && t.names(d.PID) {
		return true, nil
	}
	if !t.has(d.Keeper) && cgroup.UnitAt(t.cgroup).User {
		return false, t.leave(ctx, errors.New("a user's own systemd can't move processes of a session"))
	}
	program, err := own()
	if err != nil {
		return false, err
	}
	if t.joins++; t.joins > mostJoins {
		return false, fmt.Errorf("%s does not name the daemon, pid %d, although it has joined the unit", t.unit.PIDFile, d.PID)
	}
	err = t.client.Join(ctx, api.ControlCall{Program: program, Cgroup: t.cgroup, Environ: t.unit.Environ()})
	var refused *api.Error
	switch {
	case errors.As(err, &refused) && refused.Target == cgroup.UnitAt(t.cgroup).Name: // it can't be moved
		return false, t.leave(ctx, err)
	case refused != nil:
		return false, err
	}
	return false, nil // that of the connection: it is being replaced
}

// handOver makes the keeper the main process. A stop that systemd has come to before
// was meant for us, and nothing else will hear of it. Its signal may have come before
// we listened, which Go drops; so the job is asked for.
func (t *taking) handOver(ctx context.Context) error {
	err := t.unit.Tell("READY=1", unit.MainPID(t.keeper))
	if err == nil {
		err = t.unit.Barrier(answerTime)
	}
	if err != nil {
		return fmt.Errorf("tell systemd of the keeper: %w", err)
	}
	if u := cgroup.UnitAt(t.cgroup); t.job(ctx, u) == "stop" {
		return t.stop(ctx)
	}
	return nil
}

// job is what systemd is about to do with the unit, "" also where it can't tell.
func (t *taking) job(ctx context.Context, u cgroup.Unit) string {
	job, err := systemd.Manager{User: u.User}.Job(ctx, u.Name)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hubd:", err)
	}
	return job
}

// stop does what the unit's ExecStop= would, which systemd does not run for a unit that
// still starts.
func (t *taking) stop(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_ = t.client.Detach(short) // without an answer there is only the file
	if err := os.Remove(t.unit.PIDFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if job := t.job(ctx, cgroup.UnitAt(t.cgroup)); job != "" && job != "stop" {
		return fmt.Errorf("the unit has another job meanwhile: %s", job)
	}
	return t.client.Kill(context.WithoutCancel(ctx), func([]api.Result) {}) // systemd's patience is ours
}

// leave has the daemon end.
func (t *taking) leave(ctx context.Context, why error) error {
	fmt.Fprintln(os.Stderr, "hubd: the daemon that runs is replaced, its apps stay where they are:", why)
	return t.client.Leave(ctx)
}

// has reports whether a process is in our unit.
func (t *taking) has(pid int) bool {
	u, err := cgroup.UnitOf(pid)
	return err == nil && u.Path == cgroup.UnitAt(t.cgroup).Path
}

// names reports whether the unit's file names that daemon as the next main process.
func (t *taking) names(pid int) bool {
	text, err := os.ReadFile(t.unit.PIDFile)
	return err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(pid)
}

// ownCgroup is our path in the hierarchy, which is below a unit's.
func ownCgroup() (string, error) {
	u, err := cgroup.UnitOf(os.Getpid())
	if err != nil {
		return "", fmt.Errorf("find our own unit: %w", err)
	}
	if u.Name == "" {
		return "", errors.New("find our own unit: this process is in none")
	}
	return u.Path + u.Below, nil
}
