package supervise

import (
	"fmt"
	"strconv"
	"strings"
)

// spawn launches the app and tells the machine what came of it. The instance's
// own goroutine waits meanwhile.
func (i *Instance) spawn(gen int) event {
	before := i.main
	i.forgetLaunch()
	s := i.machine.spec
	i.writeRecord()
	l, err := i.start(s, gen)
	if err != nil {
		return spawnFailed{gen, err}
	}
	i.launch, i.main = l, member{l.process.PID, l.process.Start}
	ended := func() {
		// On the loop's goroutine. What the app said before it ended is heard
		// before its end.
		if l.channel != nil {
			l.channel.Drain()
		}
		if l.notify != nil {
			l.notify.Drain()
		}
		i.mail.put(processEnded{gen})
	}
	if err := l.process.WhenEnded(i.sup.Loop, ended); err != nil {
		// Nobody would notice its end.
		err = fmt.Errorf("watch the process: %w", err)
		if killErr := l.process.Kill(); killErr != nil {
			i.logError("process that can't be watched", killErr)
		}
		l.close()
		return spawnFailed{gen, err}
	}
	if err := i.pidFile.write(s.PidPath(i.ID), l.process.PID); err != nil {
		i.logError("pid file", err)
	}
	if s.MaxMemory > 0 {
		i.sup.watchMemory()
	}
	if before.pid != 0 {
		i.reportLeftovers(gen, before)
	}
	return spawned{gen, l.process.PID}
}

// reportLeftovers warns of processes that the launch before has left behind: a
// crash ends the main process only, and the rest may hold its port.
func (i *Instance) reportLeftovers(gen int, before member) {
	go func() {
		c, err := i.sup.census(i.sup.ctx)
		if err != nil {
			return
		}
		var pids []string
		for _, p := range c.snapshot.Tree(before.pid, before.start) {
			if !p.Dead() {
				pids = append(pids, strconv.Itoa(int(p.PID)))
			}
		}
		if len(pids) > 0 {
			i.mail.put(warning{gen, fmt.Sprintf("processes of the launch before still run (pid %s); stop or restart ends them", strings.Join(pids, ", "))})
		}
	}()
}

// peek reads how the main process ended and leaves the zombie in place.
func (i *Instance) peek(gen int) {
	if i.launch == nil || i.launch.gen != gen || i.launch.process == nil {
		return
	}
	exit, ok, err := i.launch.process.Peek()
	if err != nil {
		i.logError("exit code", err)
		exit.Unknown, ok = true, true
	}
	if !ok {
		return
	}
	i.launch.exit = &exit
	i.handle(exited{gen, exit})
}

// reap lets the zombie of the current launch go.
func (i *Instance) reap() {
	l := i.launch
	if l == nil || l.process == nil || l.exit == nil {
		return
	}
	if err := l.process.Reap(); err != nil {
		i.logError("reap", err)
	}
	l.process.Close()
	l.process = nil
}

// alive returns the launch whose main process is not yet reaped, or nil.
func (i *Instance) alive() *launch {
	if i.launch == nil || i.launch.process == nil {
		return nil
	}
	return i.launch
}

// forgetLaunch lets go of the launch before, and of intakes whose pipes have
// ended; a grandchild may still hold one of the others.
func (i *Instance) forgetLaunch() {
	if i.launch != nil {
		i.launch.close()
	}
	i.launch, i.known, i.main, i.grouped, i.appStatus = nil, nil, member{}, 0, ""
	open := i.intakes[:0]
	for _, in := range i.intakes {
		select {
		case <-in.Done():
		default:
			open = append(open, in)
		}
	}
	clear(i.intakes[len(open):])
	i.intakes = open
}
