package main

import (
	"unsafe"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// reap deals with all children that have ended: each is peeked at, noted, told
// of and only then reaped, so that no status is ever in our memory alone while a
// daemon lives. Afterwards there is no zombie.
func (p *parent) reap() {
	for !p.over {
		pid, status := peek(unix.P_ALL, 0)
		if pid == 0 {
			return
		}
		// The parent of a child that has become ours is dead, and all that it sent
		// can be read now: the child's pid may be in it.
		p.read()
		if pid == p.daemon.pid {
			p.died(status)
			continue
		}
		p.note(pid, status)
		reapOne(pid)
	}
}

func (p *parent) note(pid int, status unix.WaitStatus) {
	if h := p.launches.of(pid); h != nil {
		p.launches.exited(h, uint32(status))
		p.report()
		return
	}
	if !p.launches.inAir() {
		return
	}
	// A launch is the leader of a session. Anything else is an orphan.
	if s, ok := statOf(pid); ok && s.Session == pid {
		s.Status = uint32(status)
		p.launches.addStray(s)
		p.report()
	}
}

// childInfo is the part of siginfo_t that waitid(2) fills in for a child.
type childInfo struct {
	signo, errno, code int32
	_                  [unsafe.Sizeof(uintptr(0)) - 4]byte // the union is aligned as a pointer
	pid                int32
	uid                uint32
	status             int32
	_                  [100]byte
}

// Values of si_code for SIGCHLD (sigaction(2)).
const (
	cldExited = 1
	cldDumped = 3
)

// peek shows a zombie and leaves it; 0 is none.
func peek(kind, id int) (pid int, status unix.WaitStatus) {
	var info childInfo
	for {
		err := unix.Waitid(kind, id, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil { // ECHILD: no children
			return 0, 0
		}
		break
	}
	switch info.code {
	case cldExited:
		status = unix.WaitStatus(info.status&0xff) << 8
	case cldDumped:
		status = unix.WaitStatus(info.status | 0x80)
	default:
		status = unix.WaitStatus(info.status)
	}
	return int(info.pid), status
}

// isZombie says that the pidfd is that of a child of ours that has ended.
func isZombie(pidfd int) bool {
	pid, _ := peek(unix.P_PIDFD, pidfd)
	return pid != 0
}

func reapOne(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); err != unix.EINTR {
			return
		}
	}
}

// statOf reads session and start time of a process (proc_pid_stat(5)).
func statOf(pid int) (keeper.Stray, bool) {
	fd, err := unix.Open("/proc/"+text(pid)+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return keeper.Stray{}, false
	}
	defer unix.Close(fd)
	var b [1024]byte
	n, err := unix.Read(fd, b[:])
	if err != nil {
		return keeper.Stray{}, false
	}
	session, start, ok := parseStat(b[:n])
	return keeper.Stray{PID: pid, Session: session, Start: start}, ok
}
