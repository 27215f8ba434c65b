package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Command is what to execute.
type Command struct {
	// Path is the absolute path of the program.
	Path string
	// Args is the whole argument vector, the program's own name first.
	Args []string
	// Env is the whole environment, KEY=value.
	Env []string
	// Dir is the working directory.
	Dir string
	// Files are the child's descriptors: Files[n] becomes n. They stay the
	// caller's. The child gets no other descriptor, as long as all those of this
	// process are close-on-exec.
	Files []int
	// ResetOOM sets the child's oom_score_adj to 0 (see OOMProtected).
	ResetOOM bool
	// Shim, if not empty, are a program and its first arguments that are executed first,
	// in the same process: it is given the number of a descriptor, Path and Args, and
	// executes these, or writes its errno (a C int) to the descriptor and ends.
	Shim []string
	// ShimPrefix is in front of names of variables that the shim renames back.
	ShimPrefix string
	// Cgroup is a descriptor of the cgroup of version 2 to start in, or 0 or
	// less for the one of this process (clone(2), CLONE_INTO_CGROUP, Linux 5.7).
	Cgroup int
}

// Start forks and executes c in a session of its own. The error tells a missing
// working directory from a program that can't be executed; there is no process
// then.
//
// It does not use os/exec: that keeps a thread in wait4(2) for each child.
func Start(c Command) (*Process, error) {
	if err := checkDir(c.Dir); err != nil {
		return nil, err
	}
	files := make([]uintptr, len(c.Files))
	for i, fd := range c.Files {
		files[i] = uintptr(fd)
	}
	s, path, args, files, err := c.through(files)
	if err != nil {
		return nil, err
	}
	defer s.close()
	pidfd := -1
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{
		Dir:   c.Dir,
		Env:   c.environ(),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd, UseCgroupFD: c.Cgroup > 0, CgroupFD: c.Cgroup},
	})
	s.forked()
	if err != nil {
		return nil, explain(path, err)
	}
	if pidfd < 0 {
		// A kernel without CLONE_PIDFD; the child can't be recycled before it
		// is reaped, so opening by number is safe here.
		if pidfd, err = unix.PidfdOpen(pid, 0); err != nil {
			return nil, errors.Join(fmt.Errorf("pidfd of process %d: %w (Linux 5.4 or later is needed)", pid, err), killAndReap(pid))
		}
	}
	id, err := identify(pid)
	if err != nil {
		unix.Close(pidfd)
		return nil, errors.Join(err, killAndReap(pid))
	}
	p := &Process{Identity: id, pidfd: pidfd}
	if c.ResetOOM {
		if err := resetOOM(pid); err != nil {
			p.Close()
			return nil, errors.Join(err, killAndReap(pid))
		}
	}
	if err := s.executed(); err != nil {
		p.Close()
		return nil, errors.Join(explain(c.Path, err), killAndReap(pid))
	}
	return p, nil
}

// killAndReap ends a child that can't be supervised.
func killAndReap(pid int) error {
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		return err
	}
	_, err := unix.Wait4(pid, nil, 0, nil)
	return err
}

func checkDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fmt.Errorf("working directory: %w", err)
	case !info.IsDir():
		return fmt.Errorf("working directory: %s is not a directory", dir)
	}
	// The error of chdir(2) in the child would look like one of execve(2).
	if err := unix.Faccessat(unix.AT_FDCWD, dir, unix.X_OK, unix.AT_EACCESS); err != nil {
		return fmt.Errorf("working directory: %w", &os.PathError{Op: "chdir", Path: dir, Err: err})
	}
	return nil
}

// explain says what a user can do about an error of execve(2).
func explain(path string, err error) error {
	switch {
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("execute %s: %w (is the execute bit set? chmod +x, or name an interpreter)", path, err)
	case errors.Is(err, unix.ENOEXEC):
		return fmt.Errorf("execute %s: %w (a script needs a #! line or an interpreter)", path, err)
	case errors.Is(err, unix.ENOENT):
		if _, statErr := os.Stat(path); statErr == nil {
			return fmt.Errorf("execute %s: %w (its #! interpreter or dynamic loader does not exist)", path, err)
		}
	}
	return fmt.Errorf("execute %s: %w", path, err)
}
