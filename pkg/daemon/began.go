package daemon

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/leadmaster/hub/pkg/spec"
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
func (d *Daemon) toBegin(specs []spec.Spec) []spec.Spec {
	if !d.answeredBefore() {
		d.remove(func() error { return os.Remove(d.beganPath()) })
		return specs
	}
	there := make(map[string]bool)
	for _, i := range d.sup.Instances() {
		there[i.Status().Spec.Name] = true
	}
	return slices.DeleteFunc(specs, func(s spec.Spec) bool { return there[s.Name] })
}

func (d *Daemon) noteBegan() {
	if err := os.WriteFile(d.beganPath(), nil, 0o600); err != nil {
		d.log.Error("a daemon that takes over would start apps that were deleted since", "error", err)
	}
}
