package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxDetours bounds the symbolic links that a path may lead through, and the
// folders that have to be made for it.
const maxDetours = 40

// openTrusted opens an absolute path from the root on, folder by folder: what
// was judged is what is used, whatever is renamed meanwhile. With unix.O_CREAT
// in flags, missing folders are made too.
//
// A symbolic link is followed only if nobody else can have put it there: root
// or this user owns it and its folder, and others may not write to the folder
// or, where it is sticky, not move what isn't theirs. Any other link could aim
// at any file.
func openTrusted(path string, flags int) (int, error) {
	w := walk{dir: -1, file: -1, flags: flags | unix.O_NOFOLLOW | unix.O_CLOEXEC}
	err := w.follow(path, nil)
	for n := 0; err == nil && w.file < 0; n++ {
		switch {
		case n > maxDetours+strings.Count(path, "/"):
			err = unix.ELOOP
		case len(w.names) == 0:
			err = unix.EISDIR
		default:
			err = w.step()
		}
	}
	if w.dir >= 0 {
		unix.Close(w.dir)
	}
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return w.file, nil
}

// walk is somewhere on the way to a file.
type walk struct {
	dir   int      // the folder where it stands
	names []string // the rest of the way
	file  int      // what it has found, or -1
	flags int      // to open that with
}

// follow sets out for path, from the root if it is absolute, and then goes on
// with rest.
func (w *walk) follow(path string, rest []string) error {
	names := slices.DeleteFunc(strings.Split(path, "/"), func(name string) bool { return name == "" || name == "." })
	w.names = append(names, rest...)
	if !filepath.IsAbs(path) {
		return nil
	}
	root, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	w.enter(root)
	return nil
}

func (w *walk) enter(dir int) {
	if w.dir >= 0 {
		unix.Close(w.dir)
	}
	w.dir = dir
}

// step takes the next name: a folder, the file, or a link, which is put in its
// place.
func (w *walk) step() error {
	name, last := w.names[0], len(w.names) == 1
	flags := unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	if last {
		flags = w.flags
	}
	fd, err := ignoringEINTR(func() (int, error) { return unix.Openat(w.dir, name, flags, fileMode) })
	switch {
	case err == nil && last:
		if err := trustFile(w.dir, fd, name); err != nil {
			unix.Close(fd)
			return err
		}
		w.file = fd
	case err == nil:
		w.enter(fd)
		w.names = w.names[1:]
	case errors.Is(err, unix.ENOENT) && !last && w.flags&unix.O_CREAT != 0:
		if err := unix.Mkdirat(w.dir, name, folderMode); !errors.Is(err, unix.EEXIST) {
			return err
		}
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENOTDIR) && !last:
		target, linkErr := readTrustedLink(w.dir, name)
		if errors.Is(linkErr, unix.EINVAL) {
			return err // no link
		}
		if linkErr != nil {
			return linkErr
		}
		return w.follow(target, w.names[1:])
	default:
		return err
	}
	return nil
}

// readTrustedLink returns where a link leads. For what is no link the error is
// unix.EINVAL.
func readTrustedLink(dir int, name string) (string, error) {
	link, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(link)
	var st unix.Stat_t
	if err := unix.Fstat(link, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", unix.EINVAL
	}
	if !trusted(st.Uid) {
		return "", fmt.Errorf("%s is a link made by user %d; only links of root's or of this user's are followed: %w", name, st.Uid, unix.EACCES)
	}
	if err := trustFolder(dir, name); err != nil {
		return "", err
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(link, "", target) // the link that was judged, whatever name means by now
	if err != nil {
		return "", err
	}
	return string(target[:n]), nil
}

// trustFolder refuses a folder where others can move a link that isn't theirs.
func trustFolder(dir int, name string) error {
	var st unix.Stat_t
	if err := unix.Fstat(dir, &st); err != nil {
		return err
	}
	if !trusted(st.Uid) {
		return fmt.Errorf("%s is a link in a folder of user %d, who may put any link there: %w", name, st.Uid, unix.EACCES)
	}
	group := st.Mode&unix.S_IWGRP != 0 && st.Gid != 0 && int(st.Gid) != os.Getegid()
	if others := st.Mode&unix.S_IWOTH != 0; (group || others) && st.Mode&unix.S_ISVTX == 0 {
		return fmt.Errorf("%s is a link in a folder where other users may write: %w", name, unix.EACCES)
	}
	return nil
}

// trustFile refuses a file that somebody else has put into a folder where all
// may write: it would be theirs to read what is written to it, or be another
// name of a file elsewhere. In other folders a file may have any owner: a log
// rotator makes it for a group of readers.
func trustFile(dir, fd int, name string) error {
	var folder, file unix.Stat_t
	if err := errors.Join(unix.Fstat(dir, &folder), unix.Fstat(fd, &file)); err != nil {
		return err
	}
	regular := file.Mode&unix.S_IFMT == unix.S_IFREG
	if folder.Mode&unix.S_IWOTH == 0 || !regular || trusted(file.Uid) && file.Nlink == 1 {
		return nil
	}
	return fmt.Errorf("%s is a file of user %d with %d names in a folder where all may write: %w", name, file.Uid, file.Nlink, unix.EACCES)
}

func trusted(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }
