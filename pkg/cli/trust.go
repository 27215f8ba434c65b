package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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
	real, err := ownWay(path)
	if err != nil {
		return nil, err
	}
	// O_NOFOLLOW: the way was walked, and its end is no link. O_NONBLOCK: whoever
	// puts a FIFO in its place must not hold up the command.
	f, err := os.OpenFile(real, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
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
	// One byte more than is allowed, for the parser to refuse.
	return io.ReadAll(io.LimitReader(f, spec.MaxFileSize+1))
}

// mostLinks is how many links a way may have, as in the kernel (path_resolution(7)).
const mostLinks = 40

// ownWay walks an absolute path and returns where it leads. Every folder on the
// way, and every link, must be ours.
func ownWay(path string) (string, error) {
	at, rest, links := "/", strings.Split(path, "/"), 0
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		folder, err := os.Stat(at)
		if err != nil {
			return "", err
		}
		if err := checkOwn(at, folder); err != nil {
			return "", err
		}
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		if err != nil {
			return "", err
		}
		if info.Mode()&os.ModeSymlink == 0 {
			at = next
			continue
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 && int(owner) != os.Geteuid() {
			return "", &othersMayWrite{next, fmt.Sprintf("is a link of another user (uid %d)", owner)}
		}
		if links++; links > mostLinks {
			return "", &os.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
		}
		target, err := os.Readlink(next)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, nil
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
