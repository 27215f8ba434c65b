package proc

import (
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Exit is how a process ended: by a code or by a signal.
type Exit struct {
	// Unknown is set where nobody could tell; the other fields are 0 then.
	Unknown bool        `json:"unknown,omitempty"`
	Code    int         `json:"code"`
	Signal  unix.Signal `json:"signal,omitempty"`
	Core    bool        `json:"core,omitempty"`
}

// ExitOf makes an Exit of a status in the form of wait(2).
func ExitOf(status uint32) Exit {
	w := unix.WaitStatus(status)
	if w.Signaled() {
		return Exit{Signal: w.Signal(), Core: w.CoreDump()}
	}
	return Exit{Code: w.ExitStatus()}
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
// For a process that is not a child an exit by code 0 is Unknown until its parent
// has reaped it, and from then on any exit is where the kernel does not tell (before
// Linux 6.15).
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
			if exit, ok := p.info(); ended && ok {
				return exit, true, err
			}
			if exit, ok := p.left(); ended && ok {
				return exit, true, err
			}
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

// info asks the pidfd how a process ended that somebody else has reaped
// (PIDFD_INFO_EXIT, ioctl_pidfd(2)).
func (p *Process) info() (Exit, bool) {
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(p.pidfd), unix.PIDFD_GET_INFO, uintptr(unsafe.Pointer(&info)))
	if errno != 0 || info.Mask&unix.PIDFD_INFO_EXIT == 0 {
		return Exit{}, false
	}
	return ExitOf(uint32(info.Exit_code)), true
}

// left reads how a process ended that its parent has not reaped: a pid 1 may take its
// time. A 0 says nothing, since that is also what is shown to those who may not know
// (proc_pid_stat(5), field 52).
func (p *Process) left() (Exit, bool) {
	const startAt, codeAt = 19, 49
	fields, err := statOf(p.PID)
	if err != nil || len(fields) <= codeAt || fields[0] != "Z" || fields[startAt] != strconv.FormatUint(p.Start, 10) {
		return Exit{}, false
	}
	status, err := strconv.ParseUint(fields[codeAt], 10, 32)
	if err != nil || status == 0 {
		return Exit{}, false
	}
	return ExitOf(uint32(status)), true
}

// Tells reports whether this kernel tells by a pidfd how somebody else's child
// ended (PIDFD_GET_INFO, Linux 6.13; exits from 6.15).
func (p *Process) Tells() bool {
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(p.pidfd), unix.PIDFD_GET_INFO, uintptr(unsafe.Pointer(&info)))
	return errno != unix.ENOTTY && errno != unix.EINVAL
}

// Parent returns the pid of the process's parent, also of a zombie, or ErrGone
// when it was reaped.
func (p *Process) Parent() (int, error) {
	fields, err := statOf(p.PID)
	if err != nil {
		return 0, ErrGone
	}
	return strconv.Atoi(fields[1])
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
