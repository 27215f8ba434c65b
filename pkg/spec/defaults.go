package spec

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// defaultKeys are the keys whose default a user may change.
var defaultKeys = [...]string{
	"log_date_format", "log_type",
	"kill_signal", "kill_timeout", "listen_timeout",
	"max_restarts", "min_uptime",
}

// DefaultKeys returns the keys that Defaults takes, in the order of the
// reference.
func DefaultKeys() []Key {
	return slices.DeleteFunc(Keys(), func(k Key) bool {
		return k.State != Works || !slices.Contains(defaultKeys[:], k.Name)
	})
}

// Defaults are values for apps that do not give a key themselves. The zero
// value has none.
type Defaults struct {
	values map[string]setting // by canonical key
}

// Set sets the default of one of DefaultKeys, by its canonical name. The error
// says what was found and what would be right.
func (d *Defaults) Set(key, setTo string) error {
	if !slices.Contains(defaultKeys[:], key) {
		return errors.New("is not a key with a default that can be changed")
	}
	known := spellings()[key].key
	v := &value{kind: text, text: setTo}
	if known.State != Works {
		return fmt.Errorf("found %s; this comes in a later release of hub, so leave it out for now", v.describe())
	}
	read, err := known.check(v)
	if err != nil {
		return err
	}
	if d.values == nil {
		d.values = make(map[string]setting)
	}
	d.values[key] = setting{label: key, value: read}
	return nil
}

// under returns the app with the defaults below what it gives itself. An app
// that says something about time, false too, has settled its stamps.
func (d *Defaults) under(a *App) *App {
	if len(d.values) == 0 {
		return a
	}
	full := *a
	full.settings = maps.Clone(d.values)
	if a.has("time") {
		delete(full.settings, "log_date_format")
	}
	maps.Copy(full.settings, a.settings)
	return &full
}
