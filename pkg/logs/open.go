package logs

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

const (
	fileMode   = 0o640
	folderMode = 0o750
)

// openLog opens a log file for appending, by the rules of openTrusted, and
// reports whether it is a regular file. With create, it makes the file and
// missing folders.
func openLog(path string, create bool) (fd int, regular bool, err error) {
	flags := unix.O_WRONLY | unix.O_APPEND | unix.O_NONBLOCK | unix.O_NOCTTY
	if create {
		flags |= unix.O_CREAT
	}
	if fd, err = openTrusted(path, flags); err != nil {
		return -1, false, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, false, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return fd, st.Mode&unix.S_IFMT == unix.S_IFREG, nil
}

// openRegular opens a log file for reading, by the rules of openTrusted. It
// refuses what can't be read by position, without waiting for it.
func openRegular(path string) (*os.File, int64, error) {
	refused := fmt.Errorf("%s is not a regular file, so it keeps no lines to show", path)
	if st, err := os.Stat(path); err != nil {
		return nil, 0, err
	} else if !st.Mode().IsRegular() {
		return nil, 0, refused // opening a device or a FIFO may have an effect
	}
	fd, err := openTrusted(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, 0, err
	}
	f := os.NewFile(uintptr(fd), path)
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = refused
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

// readBack reads up to n bytes of a file that is open for writing.
func readBack(fd int, offset int64, n int) ([]byte, error) {
	f, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, n)
	n, err = f.ReadAt(b, offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// endLastLine gives a last line that has no end (its writer was killed) the end
// that keeps the next line apart. It is done as well as it can be: a file that
// can't be read, or is full, is written to all the same.
func endLastLine(fd int) {
	size, err := unix.Seek(fd, 0, unix.SEEK_END)
	if err != nil || size == 0 {
		return
	}
	if last, err := readBack(fd, size-1, 1); err == nil && len(last) == 1 && last[0] != '\n' {
		_, _ = unix.Write(fd, newline)
	}
}
