package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// shim is the way to a program through another one, which does in the child what
// can't be done from here and then executes the program in its own place.
type shim struct {
	// report gets a byte before that exec and then, if the exec fails, its errno. An end of file after
	// the one says that it succeeded, without it that the other program has died.
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
	var b []byte
	for {
		var part [8]byte
		n, err := unix.Read(s.report, part[:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return fmt.Errorf("read the result of execve: %w", err)
		case n > 0:
			b = append(b, part[:n]...)
		case len(b) == 0:
			return errShimDied
		case len(b) == 1+4:
			return unix.Errno(binary.NativeEndian.Uint32(b[1:]))
		default:
			return nil
		}
	}
}

// errShimDied leaves the program out of it, which was never executed.
var errShimDied = errors.New("hub-keeper, which passes sockets on, has died before it executed the program")

// environ is the environment with the variables of Go's runtime under another name:
// the shim is a program in Go, and they are for the one that it executes.
func (c *Command) environ() []string {
	if len(c.Shim) == 0 || c.ShimPrefix == "" {
		return c.Env
	}
	env := make([]string, len(c.Env))
	for n, entry := range c.Env {
		if strings.HasPrefix(entry, "GO") {
			entry = c.ShimPrefix + entry
		}
		env[n] = entry
	}
	return env
}

func (s *shim) close() {
	s.forked()
	if s.report >= 0 {
		_ = unix.Close(s.report)
		s.report = -1
	}
}
