package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mostLinks is how many links a path may have (path_resolution(7)).
const mostLinks = 40

// folder is a directory that was reached by a path, step by step.
type folder struct {
	fd int // O_PATH
	st unix.Stat_t
	// moved is set when somebody else can let the path lead elsewhere, now that it has
	// been walked.
	moved bool
	// linker is who has made the links on the way; nil for nobody but root and us.
	linker *uint32
}

// openFolder opens a directory, and with create makes what is missing of it (0755).
// What somebody else can swap on the way meanwhile makes no difference: each step is
// from a descriptor. A link of another user than root and ours may lead into that
// user's folders only.
func openFolder(path string, create bool) (*folder, error) {
	f := &folder{fd: -1}
	if err := f.walk(path, create); err != nil {
		closeFD(f.fd)
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return f, nil
}

func (f *folder) walk(path string, create bool) error {
	if err := f.root(); err != nil {
		return err
	}
	links := 0
	for rest := strings.Split(path, "/"); len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		err := f.enter(name)
		if create && errors.Is(err, unix.ENOENT) {
			err = f.make(name)
		}
		if errors.Is(err, unix.ENOTDIR) {
			var target string
			if target, err = f.link(name); err != nil {
				return err
			}
			if links++; links > mostLinks {
				return unix.ELOOP
			}
			if filepath.IsAbs(target) {
				err = f.root()
			}
			rest = append(strings.Split(target, "/"), rest...)
		}
		if err != nil {
			return err
		}
	}
	return f.mayBeLed()
}

func (f *folder) root() error {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return f.become(fd)
}

func (f *folder) become(fd int) error {
	closeFD(f.fd)
	f.fd = fd
	return unix.Fstat(fd, &f.st)
}

// enter goes into a directory, ENOTDIR for what is none. O_DIRECTORY has an
// automounter mount it.
func (f *folder) enter(name string) error {
	fd, err := unix.Openat(f.fd, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	before := f.st
	if err := f.become(fd); err != nil {
		return err
	}
	f.moved = f.moved || canSwap(&before, &f.st)
	return nil
}

func (f *folder) make(name string) error {
	if err := f.mayBeLed(); err != nil {
		return err
	}
	f.linker = nil // it has led to where it may, and no further
	if err := unix.Mkdirat(f.fd, name, folderMode); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return f.enter(name)
}

// link reads a link, ENOTDIR for what is none.
func (f *folder) link(name string) (string, error) {
	fd, err := unix.Openat(f.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", unix.ENOTDIR
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", target)
	if err != nil {
		return "", err
	}
	f.moved = f.moved || canSwap(&f.st, &st)
	if !trusted(st.Uid) {
		if f.linker != nil && *f.linker != st.Uid {
			return "", errors.New("links of two other users are on the way")
		}
		f.linker = &st.Uid
	}
	return string(target[:n]), nil
}

// mayBeLed returns an error where a link of another user has led to what is not
// that user's.
func (f *folder) mayBeLed() error {
	if f.linker == nil || *f.linker == f.st.Uid {
		return nil
	}
	return fmt.Errorf("a link of user %d leads into a folder of user %d; want a path without it", *f.linker, f.st.Uid)
}

// trusted reports whether what a user does is no danger to this process.
func trusted(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }

// canSwap reports whether another user can put something else in the place of what
// is in a directory: its owner can, and who may write there, but for what others
// have in a sticky one (chmod(1)).
func canSwap(dir, inside *unix.Stat_t) bool {
	if !trusted(dir.Uid) {
		return true
	}
	return dir.Mode&0o022 != 0 && (dir.Mode&unix.S_ISVTX == 0 || !trusted(inside.Uid))
}
