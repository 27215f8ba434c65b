package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

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
	now, err := identify(id.PID)
	if err != nil || now != id {
		unix.Close(pidfd)
		return nil, ErrGone
	}
	return &Process{Identity: id, pidfd: pidfd}, nil
}

// Signal sends a signal to the process alone; ErrGone when it has ended.
func (p *Process) Signal(sig unix.Signal) error {
	err := unix.PidfdSendSignal(p.pidfd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	return err
}

// SignalGroup sends a signal to the process group that the process leads. Call
// it only before the process is reaped: until then its number is not reused.
func (p *Process) SignalGroup(sig unix.Signal) error {
	err := unix.Kill(-p.PID, sig)
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

// Exit is how a process ended: by a code or by a signal.
type Exit struct {
	// Unknown is set where nobody could tell; the other fields are 0 then.
	Unknown bool        `json:"unknown,omitempty"`
	Code    int         `json:"code"`
	Signal  unix.Signal `json:"signal,omitempty"`
	Core    bool        `json:"core,omitempty"`
}

// String says it in words: "exited with code 3", "killed by SIGSEGV (core dumped)".
func (e Exit) String() string {
	switch {
	case e.Unknown:
		return "ended, exit code unknown"
	case e.Signal == 0:
		return "exited with code " + strconv.Itoa(e.Code)
	case e.Core:
		return "killed by " + signalName(e.Signal) + " (core dumped)"
	default:
		return "killed by " + signalName(e.Signal)
	}
}

func signalName(s unix.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return "signal " + strconv.Itoa(int(s))
}

// siginfo is the part of siginfo_t that waitid(2) fills in for a child.
type siginfo struct {
	Signo, Errno, Code int32
	_                  int32
	PID                int32
	UID                uint32
	Status             int32
	_                  [100]byte
}

// Values of si_code for SIGCHLD (sigaction(2)).
const (
	cldExited = 1
	cldKilled = 2
	cldDumped = 3
)

// Peek tells how the process ended without reaping it: the zombie stays until
// Reap, so that the end can be put on record first. ok is false while it runs.
// For a process that is not a child the exit is Unknown.
func (p *Process) Peek() (exit Exit, ok bool, err error) {
	return p.wait(unix.WEXITED | unix.WNOHANG | unix.WNOWAIT)
}

// Reap removes the zombie; the pid may be used again afterwards.
func (p *Process) Reap() error {
	_, _, err := p.wait(unix.WEXITED | unix.WNOHANG)
	return err
}

func (p *Process) wait(options int) (Exit, bool, error) {
	var info siginfo
	for {
		err := unix.Waitid(unix.P_PIDFD, p.pidfd, (*unix.Siginfo)(unsafe.Pointer(&info)), options, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ECHILD):
			// Not our child, or somebody else has reaped it.
			ended, err := p.ended()
			return Exit{Unknown: true}, ended, err
		case err != nil:
			return Exit{}, false, fmt.Errorf("wait for process %d: %w", p.PID, err)
		}
		break
	}
	if info.PID == 0 {
		return Exit{}, false, nil // waitid(2): WNOHANG and nothing has happened
	}
	switch info.Code {
	case cldExited:
		return Exit{Code: int(info.Status)}, true, nil
	case cldKilled, cldDumped:
		return Exit{Signal: unix.Signal(info.Status), Core: info.Code == cldDumped}, true, nil
	}
	return Exit{Unknown: true}, true, nil
}

// ended asks the pidfd, which is readable from the process's end on, also while
// it is somebody else's zombie and could still be sent a signal.
func (p *Process) ended() (bool, error) {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}, 0)
	if err != nil {
		return false, fmt.Errorf("end of process %d: %w", p.PID, err)
	}
	return n > 0, nil
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
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("start time of process %d: %w", pid, err)
	}
	// The command's name is in parentheses and may hold any byte; the fields
	// that matter come after the last one. starttime is the 22nd field of all.
	_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return 0, fmt.Errorf("start time of process %d: unexpected stat %q", pid, stat)
	}
	return strconv.ParseUint(fields[19], 10, 64)
}
