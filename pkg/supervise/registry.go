package supervise

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// Instances returns all instances in order of id.
func (s *Supervisor) Instances() []*Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.instances)
}

// byUUID returns an instance, also one that is being deleted, or nil.
func (s *Supervisor) byUUID(uuid string) *Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.instances {
		if i.UUID == uuid {
			return i
		}
	}
	return nil
}

// App returns the instances of an app in order of their number, without those
// that are being deleted.
func (s *Supervisor) App(name string) []*Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.app(name)
}

// app is App with s.mu held. Instances that are being deleted don't count.
func (s *Supervisor) app(name string) []*Instance {
	var found []*Instance
	for _, i := range s.instances {
		if !i.doomed.Load() && i.Status().Spec.Name == name {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *Instance) int { return cmp.Compare(a.Number, b.Number) })
	return found
}

// Existing is what Start does with an app whose name is taken.
type Existing string

const (
	Restart Existing = "restart" // restart it with the new spec, scaled to its instances
	Renew   Existing = "reload"  // the same, but what runs is reloaded
	Add     Existing = "add"     // add further instances
	Keep    Existing = "keep"    // leave those that are there, add what is missing
)

// Request asks for an app.
type Request struct {
	Spec *spec.Spec
	// Base is the environment of a new app; one that is there already keeps its
	// own, unless UpdateEnv is set.
	Base      *BaseEnv
	UpdateEnv bool
	Existing  Existing
	// IDs, if there are any, are the only instances that are touched; their number
	// stays what it is, and none is added.
	IDs []int
	// Brief answers for an instance whose spec stays the same as soon as it runs
	// again; all others are watched for a moment, as at a first start.
	Brief bool
	// Hold registers the app and does not start it.
	Hold bool
	// Since, if it is not zero, is when this was asked for first, of a daemon that
	// has died over it: what has been brought up since is not brought up again.
	Since time.Time
	Cause string // who asks
	// Admit, if set, is asked for each instance that the name has already; its
	// error is Start's. It must not call back.
	Admit func(*Status) error
}

// ErrEnding means that the supervisor ends and starts nothing any more.
var ErrEnding = errors.New("the daemon is ending")

// End deletes all instances, all at once; nothing can be started from then on.
func (s *Supervisor) End(cause string) (pending []*Pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
	for _, i := range s.instances {
		pending = append(pending, i.send(verbDelete, nil, cause))
	}
	return pending
}

// Ending reports whether End was called.
func (s *Supervisor) Ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending
}

// Wait returns when the goroutines of all instances have ended, their logs
// written; call it after End.
func (s *Supervisor) Wait() { s.running.Wait() }

// Start brings apps, each with another name, to their specs and returns a pending
// outcome for each instance that is touched. Where new instances get numbers of
// those that are being deleted, it waits for these first. All requests are looked
// at before the first is carried out; the error is ErrEnding, ctx's, Admit's, a
// *SharedLog, a *SharedAddress or a *NoRoom.
func (s *Supervisor) Start(ctx context.Context, requests ...Request) (pending []*Pending, err error) {
	err = whenGone(ctx, func() (err error) {
		pending, err = s.start(requests)
		return err
	})
	return pending, err
}

func (s *Supervisor) start(requests []Request) (pending []*Pending, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	plans, err := s.plans(requests)
	if err == nil {
		err = s.admit(plans)
	}
	if err != nil {
		return nil, err
	}
	for n := range plans {
		pending = append(pending, s.carryOut(&plans[n])...)
	}
	return pending, nil
}

// add registers a new instance, with s.mu held; up says that it is to be started.
func (s *Supervisor) add(sp *spec.Spec, base *BaseEnv, number int, up bool) *Instance {
	if len(s.instances) == 0 {
		s.nextID = 0 // as in PM2; nothing but display hangs on the id
	}
	i := &Instance{
		UUID: NewUUID(), ID: s.nextID, Number: number, sup: s,
		mail: newMailbox(), gone: make(chan struct{}),
		machine: newMachine(sp, time.Now()), timers: make(map[timerOf]*time.Timer),
	}
	s.nextID++
	i.base.Store(base)
	if up { // visible at once: whoever asks next must know
		i.machine.want = Up
	}
	i.publish()
	s.instances = append(s.instances, i)
	s.changed()
	s.running.Add(1)
	go i.run()
	return i
}

// remove forgets an instance that was deleted. Its goroutine goes on until its last
// words are in their files.
func (s *Supervisor) remove(i *Instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instances = slices.DeleteFunc(s.instances, func(other *Instance) bool { return other == i })
	s.draining = append(s.draining, i)
	s.changed()
}

// drained forgets an instance whose goroutine ends.
func (s *Supervisor) drained(i *Instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = slices.DeleteFunc(s.draining, func(other *Instance) bool { return other == i })
}

// Pending is a command under way on one instance.
type Pending struct {
	Instance *Instance
	done     <-chan Outcome
	before   *spec.Spec // nil unless the command brings a new spec
}

func newPending(i *Instance, done <-chan Outcome, sp *spec.Spec) *Pending {
	p := &Pending{Instance: i, done: done}
	if sp != nil {
		p.before = i.Status().latest
	}
	return p
}

// Changes returns the keys in which the spec that the instance has at the outcome
// differs from the one it had before the command.
func (p *Pending) Changes(o Outcome) []string {
	if p.before == nil || o.Status == nil {
		return nil
	}
	return p.before.Changes(o.Status.latest)
}

// Wait returns the outcome, or ctx's error as one.
func (p *Pending) Wait(ctx context.Context) Outcome {
	select {
	case o := <-p.done:
		return o
	case <-ctx.Done():
		return Outcome{Err: ctx.Err().Error(), Status: p.Instance.Status()}
	}
}

// Act sends a command to an instance. action is start, restart, stop, delete or
// reset; cause says who wants it. Reload is the Supervisor's.
func (i *Instance) Act(action, cause string) (*Pending, error) {
	switch v := verb(action); v {
	case verbStart, verbRestart, verbStop, verbDelete, verbReset:
		return i.send(v, nil, cause), nil
	}
	return nil, fmt.Errorf("unknown action %q", action)
}

// ReplaceEnv changes the environment that the next launches start from.
func (i *Instance) ReplaceEnv(base *BaseEnv) { i.base.Store(base) }

// BaseEnv returns the environment that launches start from.
func (i *Instance) BaseEnv() *BaseEnv { return i.base.Load() }

func (i *Instance) send(v verb, sp *spec.Spec, cause string) *Pending {
	i.commands.Add(1)
	return i.order(command{verb: v, spec: sp, cause: cause})
}

// order puts a command into the mailbox.
func (i *Instance) order(c command) *Pending {
	v, sp := c.verb, c.spec
	done := make(chan Outcome, 1)
	goal := Up
	switch v {
	case verbStop:
		goal = Down
	case verbDelete:
		goal = Gone
		i.doomed.Store(true) // visible at once: whoever asks next must know
	case verbReload:
		goal = Replaced
	}
	p := newPending(i, done, sp)
	c.reply = &waiter{goal: goal, settle: v == verbStart || v == verbJoin, done: done}
	if !i.mail.put(c) {
		done <- Outcome{Err: ErrDeleted.Error(), Status: i.Status()}
	}
	return p
}
