package e2e

import (
	"os"

	"golang.org/x/sys/unix"
)

// mayMount reports whether we can mount file systems, by trying it.
func mayMount() (bool, error) {
	dir, err := os.MkdirTemp("", "hub-mount")
	if err != nil {
		return false, err
	}
	defer os.Remove(dir)
	defer unmountAll(dir)
	return unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4k") == nil, nil
}

// unmountAll takes away what a script has mounted on a folder.
func unmountAll(dir string) {
	for unix.Unmount(dir, unix.MNT_DETACH) == nil {
	}
}
