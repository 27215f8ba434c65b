package cli

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// ownGroup reports whether a group has no member but the given user. A group
// that is not in the machine's own files (group(5), passwd(5)) may have others.
func ownGroup(uid, gid uint32) bool {
	users, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return false
	}
	groups, err := os.ReadFile("/etc/group")
	return err == nil && soleMember(uid, gid, string(users), string(groups))
}

// soleMember is ownGroup on the text of passwd(5) and group(5).
func soleMember(uid, gid uint32, users, groups string) bool {
	const name, id, primary, members = 0, 2, 3, 3
	user, group := strconv.FormatUint(uint64(uid), 10), strconv.FormatUint(uint64(gid), 10)
	var names []string // of the user
	for line := range strings.Lines(users) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		switch {
		case len(f) <= primary:
		case f[id] == user:
			names = append(names, f[name])
		case f[primary] == group:
			return false
		}
	}
	known := false
	for line := range strings.Lines(groups) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(f) <= members || f[id] != group {
			continue
		}
		known = true
		for member := range strings.SplitSeq(f[members], ",") {
			if member != "" && !slices.Contains(names, member) {
				return false
			}
		}
	}
	return known
}
