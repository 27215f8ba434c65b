package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Tree is the groups of one owner, all in a folder that is made with the first.
// It may be used by any number of goroutines.
type Tree struct {
	name string // of the folder; no other owner's has it
	dir  string // the folder
}

// Dir is the folder of all groups.
func (t *Tree) Dir() string { return t.dir }

// Group opens the group of a member, which is made if it is missing, for
// clone(2) with CLONE_INTO_CGROUP. The descriptor is the caller's.
func (t *Tree) Group(member string) (fd int, err error) {
	path := filepath.Join(t.dir, member)
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	fd, err = unix.Open(path, flags, 0)
	if !errors.Is(err, unix.ENOENT) {
		return fd, wrap(path, err)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return -1, err
	}
	fd, err = unix.Open(path, flags, 0)
	return fd, wrap(path, err)
}

// Put moves processes into the group of a member. Those that have ended, and what
// they have started meanwhile, are left out.
func (t *Tree) Put(member string, pids []int) error {
	fd, err := t.Group(member)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	procs := filepath.Join(t.dir, member, "cgroup.procs")
	for _, pid := range pids {
		// One number a write (cgroups(7)).
		err := os.WriteFile(procs, strconv.AppendInt(nil, int64(pid), 10), 0)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

func wrap(path string, err error) error {
	if err != nil {
		return fmt.Errorf("cgroup %s: %w", path, err)
	}
	return nil
}

// Member returns whose group the path of a cgroup is in (/proc/PID/cgroup), ""
// for nobody's. It may lie in a folder below another group than ours: the one
// that an earlier process was in.
func (t *Tree) Member(path string) string {
	_, below, ok := strings.Cut(path, "/"+t.name+"/")
	if !ok {
		return ""
	}
	member, _, _ := strings.Cut(below, "/")
	return member
}

// Remove removes the group of a member, with those that the member has made in
// it. The error is EBUSY while a process lives there.
func (t *Tree) Remove(member string) error {
	path := filepath.Join(t.dir, member)
	return wrap(path, remove(path))
}

// Prune removes the groups that keep says no to, as far as no process lives
// there, and the folder when it is empty.
func (t *Tree) Prune(keep func(member string) bool) error {
	members, err := folders(t.dir)
	for _, m := range members {
		if keep(m) {
			continue
		}
		if e := t.Remove(m); !errors.Is(e, unix.EBUSY) {
			err = errors.Join(err, e)
		}
	}
	if e := unix.Rmdir(t.dir); !errors.Is(e, unix.ENOENT) && !errors.Is(e, unix.EBUSY) {
		err = errors.Join(err, wrap(t.dir, e))
	}
	return err
}

// remove removes a group. One that others lie in is as busy as one with
// processes.
func remove(path string) error {
	err := unix.Rmdir(path)
	if errors.Is(err, unix.EBUSY) {
		below, _ := folders(path) // what can't be read stays, and so does path
		if len(below) == 0 {
			return err
		}
		for _, name := range below {
			_ = remove(filepath.Join(path, name)) // that of path says it all
		}
		err = unix.Rmdir(path)
	}
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// folders returns the names of the groups in a group; there are none in one that
// is missing.
func folders(path string) (names []string, err error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil, nil
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}
