package keeper

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Not parallel: a child that another test forks meanwhile would inherit.
func TestExecuteThatFails(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "lock")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// As when a shell's soft limit is below the hard one: the runtime raises it.
	var before, after unix.Rlimit
	if err := prlimit(nil, &before); err != nil {
		t.Fatal(err)
	}
	descriptors := openDescriptors(t)
	table := &Table{Socket: -1, Lock: int(f.Fd()), Ready: -1}
	if err := Execute("/does/not/exist", nil, table); !errors.Is(err, unix.ENOENT) {
		t.Fatal(err)
	}
	if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("what the table names is inherited by children from now on (%v)", err)
	}
	if now := openDescriptors(t); now != descriptors {
		t.Errorf("%d descriptors are open, %d were", now, descriptors)
	}
	if err := prlimit(nil, &after); err != nil || after != before {
		t.Errorf("%d descriptors are allowed, %d were (%v)", after.Cur, before.Cur, err)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
