package cgroup

import (
	"errors"
	"testing"
)

const (
	unifiedMount = "25 30 0:23 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	hybridMounts = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n" +
		"35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n" +
		"41 31 0:38 / /sys/fs/cgroup/unified rw shared:10 master:2 - cgroup2 cgroup2 rw\n"
	containerMount = "900 890 0:23 /docker/abc /sys/fs/cg\\040roup ro - cgroup2 cgroup2 rw\n"
)

func TestLocate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mounts, cgroup, want string
		err                  error
	}{
		"session":              {unifiedMount, "0::/user.slice/user-0.slice/session-3.scope\n", "/sys/fs/cgroup/user.slice/user-0.slice/session-3.scope", nil},
		"root":                 {unifiedMount, "0::/\n", "/sys/fs/cgroup", nil},
		"both versions":        {hybridMounts, "4:memory:/x\n1:cpu:/\n0::/a b\n", "/sys/fs/cgroup/unified/a b", nil},
		"container":            {containerMount, "0::/docker/abc/init\n", "/sys/fs/cg roup/init", nil},
		"container's root":     {containerMount, "0::/docker/abc\n", "/sys/fs/cg roup", nil},
		"outside of the mount": {containerMount, "0::/docker/abcd\n", "", errOutside},
		"outside of the namespace": {
			unifiedMount, "0::/../other\n", "", errOutside,
		},
		"started by a member": {unifiedMount, "0::/a.service/hub-1/uuid/sub\n", "/sys/fs/cgroup/a.service", nil},
		"a unit's own":        {unifiedMount, "0::/system.slice/hubd.service\n", "/sys/fs/cgroup/system.slice/hubd.service", nil},
		"a unit's subgroup":   {unifiedMount, "0::/system.slice/hubd.service/hub\n", "/sys/fs/cgroup/system.slice/hubd.service", nil},
		"an app in a unit":    {unifiedMount, "0::/a.service/hub/hub-1/uuid\n", "/sys/fs/cgroup/a.service", nil},
		"a group called hub":  {unifiedMount, "0::/a.slice/hub\n", "/sys/fs/cgroup/a.slice/hub", nil},
		"the tree of another": {unifiedMount, "0::/a.service/hub-10/uuid\n", "/sys/fs/cgroup/a.service/hub-10/uuid", nil},
		"only version 1":      {"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw\n", "4:memory:/x\n", "", errNone},
		"not in version 2":    {unifiedMount, "4:memory:/x\n", "", errNone},
		"nothing":             {"", "", "", errNone},
	} {
		got, err := locate(c.mounts, c.cgroup, "hub-1")
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, err, c.want, c.err)
		}
	}
}

func TestMember(t *testing.T) {
	t.Parallel()
	tree := Tree{name: "hub-1"}
	for path, want := range map[string]string{
		"/hub-1/uuid":               "uuid",
		"/a.service/hub-1/uuid/sub": "uuid",
		"/a.service/hub-1":          "",
		"/hub-10/uuid":              "",
		"/a/hub-2/x/hub-1/uuid":     "uuid",
		"/":                         "",
		"":                          "",
	} {
		if got := tree.Member(path); got != want {
			t.Errorf("%q is of %q, want %q", path, got, want)
		}
	}
}
