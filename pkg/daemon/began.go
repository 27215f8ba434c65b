package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/supervise"
)

// beganPath is a file that is there while the apps of hubd --config are all started.
// A daemon that finds a keeper and not the file goes on with what the one before,
// which has died over it, has not come to.
func (d *Daemon) beganPath() string { return filepath.Join(d.home.RunDir(), "began") }

// Began reports whether a daemon before has started what the ecosystem file declares:
// then those that run go on, whatever it says now.
func (d *Daemon) Began() bool {
	if !d.answeredBefore() {
		return false
	}
	_, err := os.Stat(d.beganPath())
	return err == nil
}

func (d *Daemon) answeredBefore() bool { return d.table != nil && d.table.Answered }

// toBegin are the apps that no daemon before has begun with.
func (d *Daemon) toBegin(specs []spec.Spec) (list []spec.Spec) {
	there := d.there()
	for n := range specs {
		if there[specs[n].Name] == 0 {
			list = append(list, specs[n])
		}
	}
	return list
}

// complete starts instances of apps that a daemon before had not come to.
func (d *Daemon) complete(ctx context.Context, specs []spec.Spec) (pending []*supervise.Pending, err error) {
	there := d.there()
	for n := range specs {
		name, want := specs[n].Name, specs[n].Instances
		if have := there[name]; have == 0 || have >= want {
			continue
		}
		more, err := d.sup.Scale(ctx, name, func(have int) (int, error) { return max(have, want), nil }, time.Time{}, "hubd --config")
		if err != nil && !errors.Is(err, supervise.ErrNothingToDo) {
			return pending, err
		}
		pending = append(pending, more...)
	}
	return pending, nil
}

// there counts the instances of each app that a daemon before has begun with.
func (d *Daemon) there() map[string]int {
	count := make(map[string]int)
	if !d.answeredBefore() {
		return count
	}
	for _, i := range d.sup.Instances() {
		count[i.Status().Spec.Name]++
	}
	return count
}

func (d *Daemon) noteBegan() {
	if err := os.WriteFile(d.beganPath(), nil, 0o600); err != nil {
		d.log.Error("a daemon that takes over would start apps that were deleted since", "error", err)
	}
}
