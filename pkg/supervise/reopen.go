package supervise

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// reopenOutput opens the pipe behind a process's descriptor for reading, if it
// is the one with this inode number (0: whichever it is).
func reopenOutput(pid, fd int, inode *uint64) (int, error) {
	path := "/proc/" + strconv.Itoa(pid) + "/fd/" + strconv.Itoa(fd)
	link, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0) // opening what the app may have put there can have effects
	if err != nil {
		return -1, err
	}
	defer closeFD(link)
	var st unix.Stat_t
	switch err = unix.Fstat(link, &st); {
	case err != nil:
		return -1, err
	case st.Mode&unix.S_IFMT != unix.S_IFIFO:
		return -1, errors.New("the app has put something else in its place")
	case *inode != 0 && st.Ino != *inode, *inode == 0 && !isOurs(pid, fd):
		return -1, errors.New("the app has put another pipe in its place")
	}
	read, err := unix.Open("/proc/self/fd/"+strconv.Itoa(link), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	*inode = st.Ino
	return read, nil
}

// findOutput is reopenOutput for a stream whose pipe the process may have under
// another number now: a shell moves its own out of the way while one of its own
// commands has a redirection.
func findOutput(pid, fd int, inode *uint64) (int, error) {
	read, err := reopenOutput(pid, fd, inode)
	if err == nil || *inode == 0 {
		return read, err
	}
	entries, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd") // one that has ended has none
	for _, e := range entries {
		if n, other := strconv.Atoi(e.Name()); other == nil && n > 2 {
			if read, other := reopenOutput(pid, n, inode); other == nil {
				return read, nil
			}
		}
	}
	return -1, err
}

// pipeOf returns the inode number of the pipe that hub has given a process as this
// descriptor.
func pipeOf(pid, fd int) (uint64, bool) {
	var st unix.Stat_t
	if unix.Stat("/proc/"+strconv.Itoa(pid)+"/fd/"+strconv.Itoa(fd), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO || !isOurs(pid, fd) {
		return 0, false
	}
	return st.Ino, true
}

// isOurs reports whether a process has its pipe open in both directions, as hub
// hands pipes out and nobody else does: a shell's are read by another program, which
// must not lose anything to us.
func isOurs(pid, fd int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), "flags:") // octal (proc_pid_fdinfo(5))
	number, _, _ := strings.Cut(strings.TrimLeft(rest, " \t"), "\n")
	flags, err := strconv.ParseUint(number, 8, 32)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}
