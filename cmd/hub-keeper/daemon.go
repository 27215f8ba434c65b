package main

import (
	"slices"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// daemon is the hubd that lives, or when to start the next.
type daemon struct {
	pid     int  // 0: none lives
	pidfd   int  // -1 where the kernel has none (before Linux 5.3)
	socket  int  // our end; -1 once its end is read
	full    bool // the socket does not take what we have to report
	serving bool // it has answered
	ending  bool // it has announced its end
	health  health

	startAt  time.Time // if none lives
	failures int       // how many in a row ended before they answered
}

func (d *daemon) closeAll() {
	keeper.CloseAll([]int{d.socket, d.pidfd})
	d.socket, d.pidfd = -1, -1
}

// start starts a daemon, born with everything that we hold.
func (p *parent) start() {
	d := &p.daemon
	pid, err := p.fork()
	if err != nil {
		say(levelError, "can't start the daemon", "program", p.hubd, "err", err.Error())
		d.closeAll()
		if p.isFirst() {
			p.end(1)
			return
		}
		p.failed()
		return
	}
	d.pid = pid
	d.health.next = time.Now().Add(p.health)
	if p.answered {
		say(levelInfo, "started the next daemon", "pid", text(pid), "launches", text(len(p.launches.held)))
	}
}

// isFirst says that nobody's app depends on us yet.
func (p *parent) isFirst() bool { return !p.answered && !p.launches.any() }

// fork leaves our end of the socket, and the pidfd, in p.daemon.
func (p *parent) fork() (pid int, err error) {
	d := &p.daemon
	ours, theirs, err := keeper.Pair()
	if err != nil {
		return 0, err
	}
	defer unix.Close(theirs)
	d.socket = ours
	table := p.table()
	table.Socket = theirs
	memfd, err := keeper.WriteTable(table)
	if err != nil {
		return 0, err
	}
	defer unix.Close(memfd)
	args := append([]string{p.hubd}, p.args...)
	return syscall.ForkExec(p.hubd, append(args, "--kept", text(memfd)), &syscall.ProcAttr{
		Env:   syscall.Environ(),
		Files: sameNumbers(append(table.Descriptors(), 0, 1, 2, memfd)),
		// A group of its own: what a terminal sends to its group would reach the
		// daemon twice, and the second signal ends it at once.
		Sys: &syscall.SysProcAttr{Setpgid: true, PidFD: &d.pidfd},
	})
}

// sameNumbers makes the list of a child's descriptors; what is not in it is
// closed there.
func sameNumbers(fds []int) []uintptr {
	files := make([]uintptr, slices.Max(fds)+1)
	for i := range files {
		files[i] = ^uintptr(0)
	}
	for _, fd := range fds {
		files[fd] = uintptr(fd)
	}
	return files
}

// table says everything that the next program has to know, but for the socket.
func (p *parent) table() *keeper.Table {
	held, strays := p.launches.tell()
	return &keeper.Table{
		Protocol: keeper.Protocol, Keeper: unix.Getpid(), Hubd: p.hubd, Program: p.program, Args: p.args,
		Socket: -1, Lock: p.lock, Ready: p.ready, Answered: p.answered, Stop: int(p.stop),
		NextReport: p.launches.next, Held: held, Strays: strays,
	}
}

// died is called with the daemon's zombie there and its messages read; its
// children are ours by now.
func (p *parent) died(status unix.WaitStatus) {
	last := p.daemon
	last.closeAll()
	reapOne(last.pid)
	p.daemon = daemon{socket: -1, pidfd: -1, failures: last.failures}
	if last.ending || p.isFirst() && status.Exited() || p.stop != 0 && !p.launches.any() {
		p.end(exitCode(status))
		return
	}
	say(levelWarn, "the daemon has died", "pid", text(last.pid), "how", ending(status))
	switch {
	case last.serving:
		p.daemon.failures = 0 // the next is started at once, however often this happens
	case p.stop != 0:
		say(levelWarn, "asked to end, but no daemon gets to answer: apps that run stay")
		p.end(1)
	default:
		p.failed()
	}
}

// trials is how often a hubd that has never answered is started until the one
// before it is.
const trials = 3

// failed puts the next start off: 1, 2, 4 … times the first pause.
func (p *parent) failed() {
	d := &p.daemon
	pause := p.pause * longestPause
	if d.failures < 7 { // 2^7 > longestPause
		pause = min(pause, p.pause<<d.failures)
	}
	d.failures++
	d.startAt = time.Now().Add(pause)
	if d.failures >= trials && p.proven != "" && p.proven != p.hubd {
		say(levelError, "the new hubd does not get to answer: back to the one before", "program", p.hubd, "before", p.proven)
		p.hubd = p.proven
	}
}

// exitCode is that of a shell.
func exitCode(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

func pidfdOf(pid int) int {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1
	}
	return fd
}
