package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Open returns the tree of that name below the group that this process is in.
// The name must not be used by anybody else on this machine. The error says why
// there can be none: no cgroup v2, or no right to make groups.
func Open(name string) (*Tree, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	own, err := locate(string(mounts), string(groups), name)
	if err != nil {
		return nil, err
	}
	// Who starts a process in another group needs the right to write to the
	// cgroup.procs of their common ancestor (clone(2)), which is our own.
	for _, path := range []string{own, filepath.Join(own, "cgroup.procs")} {
		if err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS); err != nil {
			return nil, fmt.Errorf("write to %s: %w", path, err)
		}
	}
	return &Tree{name: name, dir: filepath.Join(own, name)}, nil
}

var (
	errNone    = errors.New("cgroup v2 is not mounted")
	errOutside = errors.New("this process is in a cgroup outside of what is mounted")
)

// locate returns the folder of this process's group, or if that lies in the tree
// itself, since a member has started us, the folder that the tree is in.
func locate(mountinfo, cgroup, name string) (string, error) {
	root, point, ok := mounted(mountinfo)
	if !ok {
		return "", errNone
	}
	var own string
	for line := range strings.Lines(cgroup) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			own = strings.TrimSuffix(path, "\n")
		}
	}
	if own == "" {
		return "", errNone
	}
	own, _, _ = strings.Cut(own+"/", "/"+name+"/")
	own = beside(own)
	if strings.HasPrefix(own, "/..") || strings.HasPrefix(root, "/..") { // of the cgroup namespace
		return "", errOutside
	}
	below, err := filepath.Rel(root, "/"+strings.Trim(own, "/"))
	if err != nil || !filepath.IsLocal(below) {
		return "", errOutside
	}
	return filepath.Join(point, below), nil
}

// Subgroup is the group below a unit's own in which systemd puts the unit's
// processes where it is told to (DelegateSubgroup=, systemd 254 and later). Trees lie
// beside it, so that no group has both processes and groups below it, which the
// kernel refuses as soon as a controller is enabled.
const Subgroup = "hub"

// beside returns the group that trees lie in: a unit's own, where a process is in
// its Subgroup.
func beside(own string) string {
	dir, base := filepath.Split(strings.TrimSuffix(own, "/"))
	if base == Subgroup && strings.HasSuffix(dir, unitSuffix+"/") {
		return dir
	}
	return own
}

// mounted finds the first mount of the hierarchy: which group is its root, and
// where it is (proc_pid_mountinfo(5)). With the older version beside it, it is
// often /sys/fs/cgroup/unified.
func mounted(mountinfo string) (root, point string, ok bool) {
	const rootAt, pointAt = 3, 4
	for line := range strings.Lines(mountinfo) {
		before, after, _ := strings.Cut(line, " - ") // optional fields end there
		fields := strings.Fields(before)
		if strings.HasPrefix(after, "cgroup2 ") && len(fields) > pointAt {
			return unescape(fields[rootAt]), unescape(fields[pointAt]), true
		}
	}
	return "", "", false
}

// unescape undoes what the kernel writes for characters that part fields.
func unescape(field string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(field)
}
