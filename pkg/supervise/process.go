package supervise

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/logs"
)

// spawn launches the app and tells the machine what came of it. The instance's
// own goroutine waits meanwhile.
func (i *Instance) spawn(e spawn) event {
	gen, l := e.gen, &launch{gen: e.gen, spec: e.spec, base: e.base, rebase: e.base != nil}
	var before *launch
	if e.beside {
		i.others = append(i.others, l)
	} else {
		before = i.launch
		i.forgetLaunch()
		i.launch = l
	}
	i.record()
	if err := i.start(l); err != nil {
		return spawnFailed{gen, err}
	}
	l.main = member{l.process.PID, l.process.Start}
	if err := i.watch(l); err != nil {
		// Nobody would notice its end.
		if killErr := l.process.Kill(); killErr != nil {
			i.logError("process that can't be watched", killErr)
		}
		i.sup.Keeper.Reaped(i.key(gen))
		i.close(l)
		return spawnFailed{gen, err}
	}
	if !e.beside {
		i.writePidFile()
	}
	if e.spec.MaxMemory > 0 {
		i.sup.watchMemory()
	}
	if before != nil && before.main.pid != 0 {
		i.reportLeftovers(gen, before.main, before.ended)
	}
	return spawned{gen, l.process.PID}
}

func (i *Instance) writePidFile() {
	l := i.launch
	if err := i.pidFile.write(l.spec.PidPath(i.ID), l.process.PID); err != nil {
		i.logError("pid file", err)
	}
}

// find returns the launch of a generation: the current one, or one that runs
// beside it.
func (i *Instance) find(gen int) *launch {
	if i.launch != nil && i.launch.gen == gen {
		return i.launch
	}
	for _, l := range i.others {
		if l.gen == gen {
			return l
		}
	}
	return nil
}

// promote makes a launch that runs beside the current one.
func (i *Instance) promote(gen int) {
	l := i.find(gen)
	n := slices.Index(i.others, l)
	i.others[n], i.launch = i.launch, l
	if l.rebase {
		i.base.Store(l.base)
	}
	if l.process != nil {
		i.writePidFile()
	}
}

// forget lets go of a launch that ran beside the current one.
func (i *Instance) forget(gen int) {
	l := i.find(gen)
	i.close(l)
	i.others = slices.DeleteFunc(i.others, func(o *launch) bool { return o == l })
	i.forgetOutputs()
}

// reportLeftovers warns of processes that the launch before has left behind: a
// crash ends the main process only, and the rest may hold its port.
func (i *Instance) reportLeftovers(gen int, before member, ended uint64) {
	go func() {
		c, err := i.sup.census(i.sup.ctx)
		if err != nil || !c.hasSession(before, ended) {
			return
		}
		var pids []string
		for _, p := range c.snapshot.Tree(before.pid, before.start) {
			if !p.Dead() {
				pids = append(pids, strconv.Itoa(int(p.PID)))
			}
		}
		if len(pids) > 0 {
			i.sup.censuses.learn(c, i.UUID, before)
			i.mail.put(warning{gen, fmt.Sprintf("processes of the launch before still run (pid %s); stop or restart ends them", strings.Join(pids, ", "))})
		}
	}()
}

// forgetLaunch lets go of the launch before; a grandchild may still hold its
// pipes.
func (i *Instance) forgetLaunch() {
	if i.launch != nil {
		i.close(i.launch)
	}
	i.launch = nil
	i.forgetOutputs()
}

// output is a stream of a launch that is read to its end, which may come after
// that of the launch: a grandchild may hold the pipe.
type output struct {
	*logs.Intake
	gen  int
	name string // keeper.Out or keeper.Err
}

// forgetOutputs lets go of streams that have ended.
func (i *Instance) forgetOutputs() {
	i.outputs = slices.DeleteFunc(i.outputs, func(o output) bool {
		select {
		case <-o.Done():
			return true
		default:
			return false
		}
	})
}
