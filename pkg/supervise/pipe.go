package supervise

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// outputPipe makes a pipe for stdout or stderr. The child's end is opened
// read-write: it is its own reader, so that without a daemon it gets neither
// EPIPE nor SIGPIPE. read is non-blocking, child is not.
func outputPipe() (read, child int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, -1, fmt.Errorf("pipe: %w", err)
	}
	child, err = reopen(p[1])
	unix.Close(p[1])
	if err == nil {
		err = unix.SetNonblock(p[0], true)
	}
	if err != nil {
		unix.Close(p[0])
		closeFD(child)
		return -1, -1, fmt.Errorf("pipe: %w", err)
	}
	return p[0], child, nil
}

// inputPipe makes the child's stdin: a pipe that only the child holds, in both
// directions. It never sees an end of file, and whoever wants to write to it
// opens it through /proc.
func inputPipe() (child int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, fmt.Errorf("pipe: %w", err)
	}
	child, err = reopen(p[0])
	unix.Close(p[0])
	unix.Close(p[1])
	if err != nil {
		return -1, fmt.Errorf("pipe: %w", err)
	}
	return child, nil
}

// reopen opens the file behind a descriptor again, read-write: a new open file
// description with flags of its own (proc_pid_fd(5)).
func reopen(fd int) (int, error) {
	return unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDWR|unix.O_CLOEXEC, 0)
}

func openNull() (int, error) {
	return unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
}

func closeFD(fd int) {
	if fd >= 0 {
		_ = unix.Close(fd)
	}
}

// inode returns the inode number of the file behind fd, 0 if it can't be told.
func inode(fd int) uint64 {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return 0
	}
	return st.Ino
}
