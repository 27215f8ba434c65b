package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/leadmaster/hub/pkg/spec"
)

// othersMayWrite is said of a file that somebody else could have written.
type othersMayWrite struct {
	path   string // the file, or a folder on the way to it
	reason string
}

func (o *othersMayWrite) Error() string { return o.path + " " + o.reason }

// readOwn reads an ecosystem file that nobody named on the command line. What
// stands in it is executed with our rights, so others must not be able to write
// it: it and all folders on the way to it belong to root or to us and are
// writable for their owner only, or for a group that has no other member, as
// where each user has a group of its own. A folder with the sticky bit, such as
// /tmp, may be writable for all, since only owners can replace files in it.
func readOwn(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	if err := checkOwn(path, info); err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	for _, way := range [...]string{path, real} {
		if err := checkFolders(way); err != nil {
			return nil, err
		}
	}
	// One byte more than is allowed, for the parser to refuse.
	return io.ReadAll(io.LimitReader(f, spec.MaxFileSize+1))
}

// checkFolders checks all folders above path.
func checkFolders(path string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if err := checkOwn(dir, info); err != nil {
			return err
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// checkOwn returns *othersMayWrite for what somebody else can write.
func checkOwn(path string, info os.FileInfo) error {
	stat := info.Sys().(*syscall.Stat_t)
	sticky := info.IsDir() && info.Mode()&os.ModeSticky != 0
	switch {
	case stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
		return &othersMayWrite{path, fmt.Sprintf("belongs to another user (uid %d)", stat.Uid)}
	case sticky:
	case info.Mode()&0o002 != 0:
		return &othersMayWrite{path, "may be written by everybody"}
	case info.Mode()&0o020 != 0 && !ownGroup(stat.Uid, stat.Gid):
		return &othersMayWrite{path, "may be written by its group"}
	}
	return nil
}
