package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// pidFile is an app's pid file, as PM2 writes it: the number and no newline.
type pidFile struct{ path string }

// write names a process in the file at path. The file is overwritten and not
// made anew: an app that is restarted at once costs no change of the folder.
func (p *pidFile) write(path string, pid int) error {
	if p.path != path {
		if err := errors.Join(p.remove(), os.MkdirAll(filepath.Dir(path), 0o755)); err != nil {
			return err
		}
	}
	// O_NONBLOCK: a FIFO of this name must not hold us up; O_NOFOLLOW: nor may a
	// link send us to another file.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.Join(fmt.Errorf("%s is not a regular file", path), err, f.Close())
	}
	p.path = path
	text := strconv.Itoa(pid)
	_, err = f.WriteAt([]byte(text), 0)
	return errors.Join(err, f.Truncate(int64(len(text))), f.Close())
}

// adopt takes over the file that an earlier daemon has written, if it still names
// that process.
func (p *pidFile) adopt(path string, pid int) {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return
	}
	if text, err := os.ReadFile(path); err == nil && string(text) == strconv.Itoa(pid) {
		p.path = path
	}
}

// remove removes the file, if there is one.
func (p *pidFile) remove() error {
	if p.path == "" {
		return nil
	}
	err := os.Remove(p.path)
	p.path = ""
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
