package daemon

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/leadmaster/hub/pkg/settings"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
)

// Check returns why this program could not take over a home from the daemon that
// runs there: settings or state of a later version, a record that it can't read. It
// changes nothing.
func Check(dir string) error {
	home, err := store.OpenHome(dir)
	if err != nil {
		return err
	}
	if _, err := settings.Load(home.Dir); err != nil {
		return err
	}
	var st state
	if err := store.ReadJSON(home.StatePath(), &st); err != nil {
		return err
	}
	if st.Version > stateVersion {
		return newerState(home, st)
	}
	a := newRecordReader(home)
	var errs []error
	err = home.Records(func(uuid, path string) {
		if err := a.check(uuid, path); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		}
	})
	return errors.Join(append(errs, err)...)
}

// checkTries is how often a record is read that can't be: the daemon that runs
// may just be writing or removing it.
const checkTries = 3

func (a *recordReader) check(uuid, path string) (err error) {
	for range checkTries {
		var r supervise.Restored
		if r, err = a.read(uuid, path); err == nil || r.Record == nil && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return err
}

func newerState(home *store.Home, st state) error {
	return fmt.Errorf("%s is of version %d, written by a later version of hub; this one reads %d", home.StatePath(), st.Version, stateVersion)
}
