package release

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// stagePattern names folders in which an update is prepared.
const stagePattern = ".hub-update-*"

// Place is a folder of installed programs, for as long as they are replaced.
type Place struct {
	// Stage is a folder in it, on the same file system and nobody else's, for
	// what is to be installed.
	Stage string

	dir *os.File // locked
}

// Open prepares a replacement of the programs in dir. It fails with
// fs.ErrPermission where the caller may not write, and when another one is at work
// there. What one that was killed has left behind is removed.
func Open(dir string) (*Place, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("another update is at work in %s: %w", dir, err)
	}
	p := &Place{dir: f}
	if err := p.stage(); err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

func (p *Place) stage() error {
	left, err := filepath.Glob(filepath.Join(p.dir.Name(), stagePattern))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	p.Stage, err = os.MkdirTemp(p.dir.Name(), stagePattern)
	return err
}

// Close removes the stage, and with it what was replaced.
func (p *Place) Close() error { return errors.Join(os.RemoveAll(p.Stage), p.dir.Close()) }

// Replace puts the programs of the stage in place of the installed ones, each by
// rename(2), so that at any moment each name is a whole program. If one can't be
// replaced, all are as they were. Restore brings the old ones back until Close.
func (p *Place) Replace() error {
	for _, name := range Programs {
		// An old program that isn't there is not missed.
		if err := os.Link(p.installed(name), p.old(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keep the old %s: %w", name, err)
		}
	}
	for _, name := range Programs {
		if err := os.Rename(filepath.Join(p.Stage, name), p.installed(name)); err != nil {
			return errors.Join(fmt.Errorf("replace %s: %w", name, err), p.Restore())
		}
	}
	return p.dir.Sync()
}

// Restore brings back what Replace has replaced.
func (p *Place) Restore() error {
	var all []error
	for _, name := range Programs {
		err := os.Rename(p.old(name), p.installed(name))
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Remove(p.installed(name))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = append(all, fmt.Errorf("bring back the old %s: %w", name, err))
		}
	}
	return errors.Join(append(all, p.dir.Sync())...)
}

func (p *Place) installed(name string) string { return filepath.Join(p.dir.Name(), name) }

func (p *Place) old(name string) string { return filepath.Join(p.Stage, name+".old") }
