package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/supervise"
)

// launchTime is how long launches of saved apps are waited for: one on a dead file
// system must not hold up what the machine starts after us.
const launchTime = time.Minute

// Boot starts the saved apps, for a daemon that was started to do so: after a boot,
// or after the end of a daemon that has ended its apps. It returns when each was
// launched, or could not be. A daemon that goes on from another one starts nothing:
// what was deleted since the last save must not come back.
//
// What is wrong with the saved list, or with an app, is told and no error: the rest
// starts.
func (d *Daemon) Boot(ctx context.Context) {
	if !d.state.get().Booting {
		return
	}
	s, _, err := d.takeDump()
	var e *api.Error
	switch {
	case errors.As(err, &e) && e.Code == api.CodeNotFound:
		d.log.Info("nothing is saved, so there is nothing to start")
	case err != nil:
		d.problem("the saved list can't be used, nothing was started", err)
	default:
		d.startSaved(ctx, s)
	}
	if err := d.state.change(func(s *state) { s.Booting = false }); err != nil {
		d.log.Error("a daemon that takes over starts the saved apps again", "error", err)
	}
}

func (d *Daemon) startSaved(ctx context.Context, s *saved) {
	ctx, cancel := context.WithTimeout(ctx, launchTime)
	defer cancel()
	d.log.Info("starting the saved apps", "apps", len(s.Apps))
	events := d.sup.Subscribe()
	defer events.Close()
	for slices.ContainsFunc(d.sup.Instances(), isDoomed) { // of an end that was cut off
		if !awaitLaunches(ctx, events) {
			break
		}
	}
	var started []*supervise.Pending
	for n := range s.Apps {
		some, err := d.resurrectApp(ctx, &s.Apps[n], 0)
		if err != nil {
			d.problem(fmt.Sprintf("app %q of the saved list can't be started", s.Apps[n].Name), err)
		}
		if s.Apps[n].Want == supervise.Up {
			started = append(started, some...)
		}
	}
	for slices.ContainsFunc(started, isLaunching) {
		if !awaitLaunches(ctx, events) {
			d.log.Warn("some apps are not launched yet")
			return
		}
	}
}

func (d *Daemon) problem(what string, err error) {
	d.log.Error(what, "error", err)
	d.problems.add(what + ": " + err.Error())
}

func isDoomed(i *supervise.Instance) bool { return i.Status().Want == supervise.Gone }

// isLaunching reports whether the first launch is still to come.
func isLaunching(p *supervise.Pending) bool {
	st := p.Instance.Status()
	return st.Want != supervise.Gone && (st.Generation == 0 || st.State == supervise.Launching && st.PID == 0)
}

// awaitLaunches waits for the next event. Of more than a subscriber may be behind,
// the rest is looked at again and again.
func awaitLaunches(ctx context.Context, events *supervise.Subscription) bool {
	again := time.NewTimer(100 * time.Millisecond)
	defer again.Stop()
	select {
	case _, ok := <-events.C:
		if ok {
			return true
		}
	case <-ctx.Done():
		return false
	}
	select { // cut off
	case <-again.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// takeDump reads the saved list, or the one before where it is damaged: then it is
// set aside, never deleted.
func (d *Daemon) takeDump() (s *saved, path string, err error) {
	s, path, damaged, err := d.readDump()
	if err != nil || damaged == nil {
		return s, path, err
	}
	whole := d.home.DumpPath()
	d.problem(fmt.Sprintf("the saved list is damaged and set aside as %s.damaged; %s is used", whole, path), damaged)
	if err := os.Rename(whole, whole+".damaged"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Error("saved list", "error", err)
	}
	return s, path, nil
}
