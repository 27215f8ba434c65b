package supervise

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
)

// Restored is an instance as an earlier daemon has left it on record.
type Restored struct {
	Record *Record
	Spec   *spec.Spec
	Next   *spec.Spec // of the next launch; nil for none
	Base   *BaseEnv
	Beside []*spec.Spec // of Record.Beside, one for each
}

// Adopt takes over instances that an earlier daemon has left: with their ids,
// counters and wishes, and with their processes, which notice nothing. held is
// what the keeper has of them, strays asks for its children that have ended without
// a name, until now. progress is told how many are done. It
// returns when all of them are; the error says what could not be had of some. Call
// it before anything else.
func (s *Supervisor) Adopt(ctx context.Context, list []Restored, held []keeper.Held, strays func() []keeper.Stray, progress func(done int)) error {
	slices.SortFunc(list, func(a, b Restored) int { return cmp.Compare(a.Record.ID, b.Record.ID) })
	a := newAdoption(s, held, strays)
	for n := range list {
		a.advance(ctx, &list[n])
	}
	a.findAloft(ctx, list)
	a.findLeft(ctx, list)
	errs := []error{a.adoptSockets(list)}
	asked := make([]<-chan error, 0, len(list))
	for _, r := range list {
		i := s.restore(r)
		asked = append(asked, i.ask(func() error { return i.takeOver(r, a) }))
	}
	for n, done := range asked {
		if err := answered(ctx, done); err != nil {
			errs = append(errs, fmt.Errorf("%s (id %d): %w", list[n].Record.Name, list[n].Record.ID, err))
		}
		progress(n + 1)
	}
	a.releaseRest()
	s.mu.Lock()
	s.changed() // also where there was nothing: it may be a new home
	s.mu.Unlock()
	if len(list) > 0 {
		go s.round() // what the daemon before has remembered is gone
	}
	return errors.Join(errs...)
}

// restore registers an instance from its record.
func (s *Supervisor) restore(r Restored) *Instance {
	rec := r.Record
	i := &Instance{
		UUID: rec.UUID, ID: rec.ID, Number: rec.Instance, sup: s,
		mail: newMailbox(), gone: make(chan struct{}), machine: restoredMachine(rec, r.Spec, r.Next), timers: make(map[timerOf]*time.Timer),
	}
	i.listens = len(r.listening()) > 0
	i.recall(rec)
	i.base.Store(r.Base)
	i.doomed.Store(rec.Want == Gone)
	i.publish()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID = max(s.nextID, rec.ID+1)
	s.instances = append(s.instances, i)
	s.changed()
	s.running.Add(1)
	go i.run()
	return i
}

// takeOver finds the processes of the instance, on its own goroutine, and lets
// the machine go on from there.
func (i *Instance) takeOver(r Restored, a *adoption) error {
	rec := r.Record
	i.recordContent()
	if rec.Generation == 0 { // never launched
		i.record()
		return nil
	}
	i.launch = &launch{gen: rec.Generation, spec: r.Spec, base: r.Base}
	for n, b := range rec.Beside {
		i.others = append(i.others, &launch{gen: b.Generation, spec: r.Beside[n], base: r.Base})
	}
	ev := adopted{gen: rec.Generation}
	if rec.Due != nil {
		ev.due = *rec.Due
	}
	found, err := i.resume(i.launch, rec.RecordedLaunch, a)
	over := []*keeper.Held{found.held}
	ev.pid, ev.forked, ev.exit, ev.signalled = found.pid, found.forked, found.exit, rec.Signalled
	ev.was, ev.lost = i.launch.main.pid, found.lost
	for n, b := range rec.Beside {
		found, e := i.resume(i.others[n], b.RecordedLaunch, a)
		err = errors.Join(err, e)
		over = append(over, found.held)
		left := &beside{gen: b.Generation, pid: found.pid, spec: r.Beside[n], launchedAt: b.LaunchedAt, role: roleOld}
		if b.Candidate {
			left.role = roleNew
		}
		ev.beside = append(ev.beside, adoptedBeside{left, b.Signalled})
	}
	err = errors.Join(err, i.resumeOutputs(a))
	if rec.Process != nil {
		i.pidFile.adopt(r.Spec.PidPath(i.ID), rec.Process.PID)
	}
	if i.launch.process != nil {
		i.writePidFile()
		if r.Spec.MaxMemory > 0 {
			i.sup.watchMemory()
		}
	}
	i.handle(ev)
	for _, h := range over { // what has become of them is on record
		a.forgetProcess(h)
	}
	return err
}
