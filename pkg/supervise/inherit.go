package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// listening is a launch of a record whose sockets must be open.
type listening struct {
	gen     int
	spec    *spec.Spec
	process *proc.Identity
}

// listening returns the launches whose sockets the instance needs.
func (r *Restored) listening() (list []listening) {
	if !needsSockets(r.Record.Want, r.Record.State) {
		return nil
	}
	list = append(list, listening{r.Record.Generation, r.Spec, r.Record.Process})
	for n, b := range r.Record.Beside {
		list = append(list, listening{b.Generation, r.Beside[n], b.Process})
	}
	return list
}

// adoptSockets takes over the sockets of all instances, before any of these can
// open them anew: from the keeper, else from a process of the app. Those that nobody
// needs are closed.
func (a *adoption) adoptSockets(list []Restored) error {
	var errs []error
	h := a.take(keeper.ListenKey)
	for n := range list {
		r := &list[n]
		for _, l := range r.listening() {
			for at, socket := range l.spec.Listen {
				if err := a.adoptSocket(r.Record, l, at, takeFile(h, socket.Address)); err != nil {
					errs = append(errs, fmt.Errorf("%s (id %d): listen %s: %w", r.Record.Name, r.Record.ID, socket.Address, err))
				}
			}
		}
	}
	if h != nil {
		for _, f := range h.Files {
			closeFD(f.FD)
			if !a.sup.sockets.has(f.Name) {
				a.sup.Keeper.Release(keeper.ListenKey, f.Name)
			}
		}
	}
	return errors.Join(errs...)
}

// adoptSocket takes over one socket, the launch's number n; fd is the keeper's or -1.
// Where nobody has it the next launch opens it.
func (a *adoption) adoptSocket(r *Record, l listening, n, fd int) error {
	socket := l.spec.Listen[n]
	if fd >= 0 || a.sup.sockets.has(socket.Address) {
		a.sup.sockets.adopt(r.UUID, r.Name, socket, fd)
		return nil
	}
	fd, err := a.copySocket(keyOf(r.UUID, l.gen), l, n)
	if a.sup.sockets.adopt(r.UUID, r.Name, socket, fd) {
		a.sup.sockets.hold(socket.Address, fd)
	}
	return err
}

// copySocket copies a socket out of the launch's process, -1 without an error where
// that runs no more, or has closed it.
func (a *adoption) copySocket(key string, l listening, n int) (int, error) {
	id := l.process
	if id == nil {
		id = a.aloft[key]
	}
	if id == nil {
		return -1, nil
	}
	p, err := proc.Open(*id)
	if err != nil {
		if errors.Is(err, proc.ErrGone) {
			err = nil
		}
		return -1, err
	}
	defer p.Close()
	return copyListening(p, firstSocket+n, l.spec.Listen[n].At())
}

// copyListening copies the descriptor of a process that listens at an address, -1
// without an error where none does. Most programs have it where they were given it;
// Go's net package makes a duplicate, and the one from before is closed.
func copyListening(p *proc.Process, first int, at spec.Address) (int, error) {
	numbers, err := socketsOf(p.PID)
	if err != nil {
		return -1, err
	}
	for _, number := range append([]int{first}, numbers...) {
		fd, err := p.CopyDescriptor(number)
		switch {
		case errors.Is(err, unix.EBADF), errors.Is(err, unix.ESRCH):
		case err != nil:
			return -1, fmt.Errorf("it is the app's alone until its next launch: %w", err)
		case listensAt(fd, at):
			return fd, nil
		default:
			closeFD(fd)
		}
	}
	return -1, nil
}

// socketsOf returns the numbers of a process's sockets (proc_pid_fd(5)).
func socketsOf(pid int) (numbers []int, err error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil || !strings.HasPrefix(target, "socket:") {
			continue
		}
		if number, err := strconv.Atoi(e.Name()); err == nil {
			numbers = append(numbers, number)
		}
	}
	return numbers, nil
}
