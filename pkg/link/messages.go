package link

import "github.com/leadmaster/hub/pkg/keeper"

// Hold gives the keeper duplicates of descriptors that must outlive the daemon.
// The caller may close its own at once. A file of the same name is replaced.
func (l *Link) Hold(key string, files ...keeper.File) {
	m := keeper.Message{Kind: keeper.KindHold, Key: []byte(key)}
	var fds []int
	for _, f := range files {
		m.Names = append(m.Names, f.Name)
		fds = append(fds, f.FD)
	}
	l.send(m, fds...)
}

// Forked announces the main process of a launch. Without a pidfd (-1), as for a
// process that has ended, the keeper goes by the pid alone.
func (l *Link) Forked(key string, pid, pidfd int) {
	m := keeper.Message{Kind: keeper.KindForked, Key: []byte(key), PID: pid}
	if pidfd < 0 {
		l.send(m)
		return
	}
	m.Names = []string{keeper.PidFD}
	l.send(m, pidfd)
}

// Reaped says that the exit is on record and the daemon has reaped the process.
func (l *Link) Reaped(key string) {
	l.send(keeper.Message{Kind: keeper.KindReaped, Key: []byte(key)})
}

// Recorded acknowledges a report: it is on record and need not be repeated.
func (l *Link) Recorded(report uint64) {
	l.send(keeper.Message{Kind: keeper.KindRecorded, Report: report})
}

// Release makes the keeper close these files of the key, or without names
// forget the key.
func (l *Link) Release(key string, names ...string) {
	l.send(keeper.Message{Kind: keeper.KindRelease, Key: []byte(key), Names: names})
}

// Healthy answers Handlers.Alive.
func (l *Link) Healthy() { l.send(keeper.Message{Kind: keeper.KindHealthy}) }

// Answered says that the daemon answers its clients: from now on it is started
// again at once. The keeper repeats what is not yet Recorded.
func (l *Link) Answered() { l.send(keeper.Message{Kind: keeper.KindAnswered}) }

// Begun says that what is to be started at the start was launched.
func (l *Link) Begun() { l.send(keeper.Message{Kind: keeper.KindBegun}) }

// Detached answers Handlers.Leaves.
func (l *Link) Detached() { l.send(keeper.Message{Kind: keeper.KindDetached}) }

// Program says what the keeper starts, and becomes, from now on.
func (l *Link) Program(hubd, hubKeeper string) {
	l.send(keeper.Message{Kind: keeper.KindProgram, Hubd: hubd, Program: hubKeeper})
}

// Environ gives the keeper, and whom it starts, variables: KEY=value.
func (l *Link) Environ(vars []string) {
	l.send(keeper.Message{Kind: keeper.KindEnviron, Environ: vars})
}

// Renew makes the keeper execute its program in its own place.
func (l *Link) Renew() { l.send(keeper.Message{Kind: keeper.KindRenew}) }

// End says that the daemon ends on purpose: the keeper ends after it.
func (l *Link) End() { l.send(keeper.Message{Kind: keeper.KindEnd}) }
