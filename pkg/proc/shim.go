package proc

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// shim is the way to a program through another one, which does in the child what
// can't be done from here and then executes the program in its own place.
type shim struct {
	// report gets the errno of that exec; an end of file says that it succeeded.
	report, theirs int
}

// through makes a start go through c.Shim, if there is one: the words of that get
// the descriptor's number, the path and the argument vector.
func (c *Command) through(files []uintptr) (s *shim, path string, args []string, _ []uintptr, err error) {
	s = &shim{-1, -1}
	if len(c.Shim) == 0 {
		return s, c.Path, c.Args, files, nil
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return s, "", nil, nil, fmt.Errorf("pipe: %w", err)
	}
	s.report, s.theirs = p[0], p[1]
	args = append(args, c.Shim...)
	args = append(args, fmt.Sprint(len(files)), c.Path)
	return s, c.Shim[0], append(args, c.Args...), append(files, uintptr(p[1])), nil
}

// forked closes the child's end: it has its own now, or there is no child.
func (s *shim) forked() {
	if s.theirs >= 0 {
		_ = unix.Close(s.theirs)
		s.theirs = -1
	}
}

// executed waits until the program runs and returns the error of the exec, as
// fork and exec in one would. Without a shim there is nothing to wait for.
func (s *shim) executed() error {
	if s.report < 0 {
		return nil
	}
	var b [4]byte
	for {
		n, err := unix.Read(s.report, b[:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return fmt.Errorf("read the result of execve: %w", err)
		case n == len(b):
			return unix.Errno(binary.NativeEndian.Uint32(b[:]))
		default:
			return nil
		}
	}
}

func (s *shim) close() {
	s.forked()
	if s.report >= 0 {
		_ = unix.Close(s.report)
		s.report = -1
	}
}
