package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/unit"
)

const (
	// takeInTime is how long a daemon that runs may take to become part of our unit,
	// the taking over of its apps included.
	takeInTime = time.Minute
	// lookInterval is the time between two looks at what it is doing; nothing tells
	// us.
	lookInterval = 10 * time.Millisecond
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
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		lock, err := home.Lock()
		if !errors.Is(err, store.ErrLocked) {
			return lock, err
		}
		done, err := t.try(ctx)
		if done {
			return nil, t.unit.Tell("READY=1", unit.MainPID(t.keeper))
		}
		select {
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
}

// try reports whether everything is done. An error may pass.
func (t *taking) try(ctx context.Context) (done bool, err error) {
	d, err := t.client.Daemon(ctx)
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
	err = t.client.Join(ctx, api.ControlCall{Program: program, Cgroup: t.cgroup, Environ: t.unit.Environ()})
	var refused *api.Error
	if errors.As(err, &refused) {
		return false, t.leave(ctx, err)
	}
	return false, nil // that of the connection: it is being replaced
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
