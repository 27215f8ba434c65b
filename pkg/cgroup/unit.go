package cgroup

import (
	"fmt"
	"os"
	"strings"
)

// Unit is the unit of systemd's that a process is in.
type Unit struct {
	Name string // "hubd.service"
	Path string // of the unit's own group
	// Below is the group below the unit's own, "" for its own and else with a slash
	// in front.
	Below string
	// User says that the unit is one of a user's own systemd.
	User bool
}

// Folder is where the group of a unit lies.
func Folder(u Unit) (string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	return locate(string(mounts), "0::"+u.Path, "")
}

const unitSuffix = ".service"

// UnitOf returns the innermost service that the group of a process is part of. It
// is the zero Unit where there is none, as in a session.
func UnitOf(pid int) (Unit, error) {
	groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return Unit{}, err
	}
	for line := range strings.Lines(string(groups)) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			return UnitAt(strings.TrimSuffix(path, "\n")), nil
		}
	}
	return Unit{}, errNone
}

// UnitAt finds the unit in the path of a group. User managers are services
// themselves, user@UID.service, and what they start lies below.
func UnitAt(path string) (u Unit) {
	var at, below strings.Builder
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		at.WriteString("/" + part)
		switch {
		case strings.HasPrefix(part, "user@") && strings.HasSuffix(part, unitSuffix):
			u = Unit{User: true}
		case strings.HasSuffix(part, unitSuffix):
			u.Name, u.Path = part, at.String()
			below.Reset()
		case u.Name != "":
			below.WriteString("/" + part)
		}
	}
	u.Below = below.String()
	return u
}
