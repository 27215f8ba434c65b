package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	fileMode   = 0o640
	folderMode = 0o750
	maxLinks   = 8
)

// openLog opens a log file for appending and reports whether it is a regular
// file. With create, it makes the file and missing folders, and gives a last
// line that has no end (its writer was killed) the end that keeps the next line
// apart.
//
// A link is followed only if root or this user made it: a link by somebody
// else, in a folder where others may write, could aim at any file.
func openLog(path string, create bool) (fd int, regular bool, err error) {
	flags := unix.O_WRONLY | unix.O_APPEND | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOFOLLOW
	if create {
		flags |= unix.O_CREAT
		if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
			return -1, false, err
		}
	}
	name := path
	for range maxLinks {
		fd, err = ignoringEINTR(func() (int, error) { return unix.Open(name, flags, fileMode) })
		if !errors.Is(err, unix.ELOOP) {
			break
		}
		if name, err = readTrustedLink(name); err != nil {
			break
		}
	}
	if err != nil {
		return -1, false, &os.PathError{Op: "open", Path: name, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, false, &os.PathError{Op: "stat", Path: name, Err: err}
	}
	regular = st.Mode&unix.S_IFMT == unix.S_IFREG
	if create && regular && st.Size > 0 {
		endLastLine(fd, st.Size)
	}
	return fd, regular, nil
}

// readTrustedLink returns where a link of root's or this user's leads.
func readTrustedLink(path string) (string, error) {
	link, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(link)
	var st unix.Stat_t
	if err := unix.Fstat(link, &st); err != nil {
		return "", err
	}
	if st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return "", fmt.Errorf("is a link made by user %d; only links of root's or this user's are followed: %w",
			st.Uid, unix.EACCES)
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(link, "", target) // the link itself, whatever path names by now
	if err != nil {
		return "", err
	}
	if to := string(target[:n]); filepath.IsAbs(to) {
		return to, nil
	}
	return filepath.Join(filepath.Dir(path), string(target[:n])), nil
}

// endLastLine is done as well as it can be: a file that can't be read, or is
// full, is written to all the same.
func endLastLine(fd int, size int64) {
	f, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return
	}
	defer f.Close()
	var last [1]byte
	if n, _ := f.ReadAt(last[:], size-1); n == 1 && last[0] != '\n' {
		_, _ = unix.Write(fd, newline)
	}
}
