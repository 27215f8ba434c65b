package supervise

import (
	"context"
	"slices"

	"github.com/leadmaster/hub/pkg/keeper"
)

// Freeze makes all instances stand still between two of their steps, until thaw
// is called. One that hangs in a launch does not come to that within ctx's time: it
// is left as it is. Those that were deleted are waited for until their last words
// are in their files: nobody has their pipes after that. Whoever is going to execute another program calls it when
// nothing new can come in, stops the log loop, and takes what Held returns along.
func (s *Supervisor) Freeze(ctx context.Context) (thaw func()) {
	thawed := make(chan struct{})
	var waits []func()
	s.mu.Lock()
	instances, draining := slices.Clone(s.instances), slices.Clone(s.draining)
	s.mu.Unlock()
	for _, i := range draining {
		waits = append(waits, func() {
			select {
			case <-i.gone:
			case <-ctx.Done():
			}
		})
	}
	for _, i := range instances {
		stands := make(chan struct{})
		gone := i.ask(func() error {
			i.frozen.Store(true)
			close(stands)
			<-thawed // the only question that blocks
			i.frozen.Store(false)
			return nil
		})
		waits = append(waits, func() {
			select {
			case <-stands:
			case <-gone: // it was deleted before
			case <-ctx.Done():
			}
		})
	}
	for _, wait := range waits {
		wait()
	}
	return func() { close(thawed) }
}

// Held returns what the launches of frozen instances hold. Call it while the log
// loop stands still too.
func (s *Supervisor) Held() (list []keeper.Held) {
	for _, i := range s.Instances() {
		if i.frozen.Load() {
			list = append(list, i.held()...)
		}
	}
	return append(list, s.sockets.held()...)
}

// held lists an instance's descriptors by launch.
func (i *Instance) held() (list []keeper.Held) {
	at := make(map[int]int) // by generation
	add := func(gen int, name string, fd int) {
		if fd < 0 {
			return
		}
		n, ok := at[gen]
		if !ok {
			n = len(list)
			at[gen] = n
			list = append(list, keeper.Held{Key: i.key(gen), Reaped: true})
		}
		list[n].Files = append(list[n].Files, keeper.File{Name: name, FD: fd})
	}
	for _, o := range i.outputs {
		add(o.gen, o.name, o.FD())
	}
	for _, l := range append([]*launch{i.launch}, i.others...) {
		if l == nil || l.process == nil {
			continue
		}
		add(l.gen, keeper.PidFD, l.process.Descriptor())
		list[at[l.gen]].PID, list[at[l.gen]].Reaped = l.process.PID, false
		if l.report != nil {
			list[at[l.gen]].Exit = &l.report.raw
		}
		if l.channel != nil {
			add(l.gen, keeper.Channel, l.channel.Descriptor())
			u := l.channel.Unfinished()
			list[at[l.gen]].Read, list[at[l.gen]].Unsent = u.Read, u.Unsent
		}
		if l.notify != nil {
			add(l.gen, keeper.Notify, l.notify.Descriptor())
		}
	}
	return list
}
