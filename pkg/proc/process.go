package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

// Identity names a process for ever: a pid alone is used again.
type Identity struct {
	PID int `json:"pid"`
	// Start is the start time in clock ticks since boot (field 22 of
	// proc_pid_stat(5)).
	Start uint64 `json:"start"`
	// Boot is the kernel's boot id.
	Boot string `json:"boot"`
}

// Process is a process held by its pidfd.
type Process struct {
	Identity
	pidfd int
	watch *epoll.Watch
}

// ErrGone means that the process of an Identity runs no more.
var ErrGone = errors.New("process is gone")

// Open holds the running process with this identity, whoever its parent is. It
// returns ErrGone when that process has ended, even if its pid is in use again.
func Open(id Identity) (*Process, error) {
	pidfd, err := unix.PidfdOpen(id.PID, 0)
	if err != nil {
		if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
			return nil, ErrGone
		}
		return nil, fmt.Errorf("open process %d: %w", id.PID, err)
	}
	// Looked at after the pidfd is open: from here on the pid can't change hands.
	now, err := Identify(id.PID)
	if err == nil && now != id {
		err = ErrGone
	}
	if err != nil {
		unix.Close(pidfd)
		return nil, err
	}
	return &Process{Identity: id, pidfd: pidfd}, nil
}

// Hold holds the process behind a pidfd that somebody else has opened, which is
// the Process's from then on. The identity is the caller's word; the process may
// have ended.
func Hold(id Identity, pidfd int) *Process { return &Process{Identity: id, pidfd: pidfd} }

// Identify returns who has this pid now, a zombie too, or ErrGone.
func Identify(pid int) (Identity, error) {
	id, err := identify(pid)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return id, ErrGone
	}
	return id, err
}

// Descriptor returns the pidfd, which stays the Process's.
func (p *Process) Descriptor() int { return p.pidfd }

// CopyDescriptor returns a copy of the process's own descriptor n
// (pidfd_getfd(2)), close-on-exec. It needs the right to trace the process.
func (p *Process) CopyDescriptor(n int) (int, error) {
	fd, err := unix.PidfdGetfd(p.pidfd, n, 0)
	if err != nil {
		return -1, fmt.Errorf("descriptor %d of process %d: %w", n, p.PID, err)
	}
	return fd, nil
}

// Signal sends a signal to the process alone; ErrGone when it has ended.
func (p *Process) Signal(sig unix.Signal) error {
	err := unix.PidfdSendSignal(p.pidfd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	return err
}

// SignalGroup sends a signal to the process group that the process leads; ErrGone
// when it has been reaped, since somebody else may have its number then. Before Linux
// 6.9 it goes by the number, which is sure only for a child of ours.
func (p *Process) SignalGroup(sig unix.Signal) error {
	err := unix.PidfdSendSignal(p.pidfd, sig, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
	if errors.Is(err, unix.EINVAL) {
		if err = p.Signal(0); err == nil {
			err = unix.Kill(-p.PID, sig)
		}
	}
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	return err
}

// WhenEnded calls f once, on the loop's goroutine, when the process has ended.
func (p *Process) WhenEnded(loop *epoll.Loop, f func()) error {
	w, err := loop.Add(p.pidfd, epoll.In|epoll.OneShot, func(uint32) { f() })
	if err != nil {
		return err
	}
	p.watch = w
	return nil
}

// Kill ends a child that can't be supervised and reaps it.
func (p *Process) Kill() error {
	if err := p.Signal(unix.SIGKILL); err != nil && !errors.Is(err, ErrGone) {
		return err
	}
	_, _, err := p.wait(unix.WEXITED)
	return err
}

// Close lets go of the process; it runs on.
func (p *Process) Close() {
	if p.watch != nil {
		p.watch.Remove()
	}
	if p.pidfd >= 0 {
		unix.Close(p.pidfd)
		p.pidfd = -1
	}
}

// BootID returns the kernel's id of this boot (random(4)).
func BootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("boot id: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// identify reads who has this pid now.
func identify(pid int) (Identity, error) {
	start, err := startTime(pid)
	if err != nil {
		return Identity{}, err
	}
	boot, err := BootID()
	return Identity{PID: pid, Start: start, Boot: boot}, err
}

func startTime(pid int) (uint64, error) {
	fields, err := statOf(pid)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

// statOf returns the fields of /proc/PID/stat from the third, the state, on
// (proc_pid_stat(5)).
func statOf(pid int) ([]string, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil, fmt.Errorf("state of process %d: %w", pid, err)
	}
	// The command's name is in parentheses and may hold any byte; the fields
	// that matter come after the last one.
	_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return nil, fmt.Errorf("state of process %d: unexpected %q", pid, stat)
	}
	return fields, nil
}
