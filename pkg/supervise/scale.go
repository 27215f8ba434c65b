package supervise

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// ErrNothingToDo means that an app has as many instances as are asked for.
//
//lint:ignore ST1005 PM2's words, which scripts look for
var ErrNothingToDo = errors.New("Nothing to do")

// Scale starts or deletes instances of an app until there are as many as count
// says; it is told how many there are. New ones get the spec and the environment
// of the app, and the lowest free numbers, those of instances that are being
// deleted when these are gone; the highest numbers go first. Once Scale returns,
// the specs of those that stay say how many they are. since, if it is not zero, is
// when this was asked for first, of a daemon that has died over it: what has been
// done since is waited for, and nothing to do is no error. The errors are those of
// Start, count's, ErrNoTarget, ErrRolling and ErrNothingToDo.
func (s *Supervisor) Scale(ctx context.Context, name string, count func(have int) (int, error), since time.Time, cause string) ([]*Pending, error) {
	var pending []*Pending
	var settled []<-chan error
	err := whenGone(ctx, func() (err error) {
		pending, settled, err = s.scale(name, count, since, cause)
		return err
	})
	for _, done := range settled {
		if err := answered(ctx, done); err != nil && !errors.Is(err, ErrDeleted) {
			return nil, err
		}
	}
	return pending, err
}

// scale asks for everything while the registry is locked, so that two that
// scale an app at once do it one after the other.
func (s *Supervisor) scale(name string, count func(int) (int, error), since time.Time, cause string) (pending []*Pending, settled []<-chan error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.app(name)
	switch {
	case s.ending:
		return nil, nil, ErrEnding
	case len(old) == 0:
		//lint:ignore ST1005 PM2's words, which scripts look for
		return nil, nil, fmt.Errorf("Application %s %w", name, ErrNoTarget)
	case s.rolling[name] > 0:
		return nil, nil, ErrRolling
	}
	n, err := count(len(old))
	if err == nil && n == len(old) && since.IsZero() {
		err = ErrNothingToDo
	}
	if err != nil {
		return nil, nil, err
	}
	more := withInstances(old[0].Status().latest, max(0, n-len(old)))
	plans, err := s.plans([]Request{{Spec: more, Existing: Add, Cause: cause}})
	if err == nil {
		err = s.admit(plans)
	}
	if err != nil {
		return nil, nil, err
	}
	if !since.IsZero() {
		pending = s.scaled(name, old[:min(n, len(old))], since, cause)
	}
	for at := len(old) - 1; at >= n; at-- {
		pending = append(pending, old[at].send(verbDelete, nil, cause))
	}
	settled = resizeAll(old[:min(n, len(old))], n)
	return append(pending, s.addAll(&plans[0])...), settled, nil
}

// scaled waits for what was done to an app since, with s.mu held: for those that
// stay and were started, and for those that are being deleted.
func (s *Supervisor) scaled(name string, stay []*Instance, since time.Time, cause string) []*Pending {
	pending, _ := Join(stay, since)
	for _, i := range s.leaving(name) {
		pending = append(pending, i.send(verbDelete, nil, cause))
	}
	return pending
}

// Delete deletes instances. Once it returns, the specs of the others of their
// apps say how many are left.
func (s *Supervisor) Delete(ctx context.Context, list []*Instance, cause string) (pending []*Pending, err error) {
	s.mu.Lock()
	left := make(map[string]bool)
	for _, i := range list {
		left[i.Status().Spec.Name] = true
		pending = append(pending, i.send(verbDelete, nil, cause))
	}
	var settled []<-chan error
	for name := range left {
		others := s.app(name)
		settled = append(settled, resizeAll(others, len(others))...)
	}
	s.mu.Unlock()
	for _, done := range settled {
		if err := answered(ctx, done); err != nil && !errors.Is(err, ErrDeleted) {
			return nil, err
		}
	}
	return pending, nil
}

// resizeAll changes the number of instances in the specs of those that there
// are. Equal specs stay shared.
func resizeAll(list []*Instance, n int) (settled []<-chan error) {
	sizes := make(map[*spec.Spec]*spec.Spec)
	for _, i := range list {
		st := i.Status()
		for _, s := range []*spec.Spec{st.Spec, st.latest} {
			if sizes[s] == nil {
				sizes[s] = withInstances(s, n)
			}
		}
	}
	for _, i := range list {
		settled = append(settled, i.ask(func() error { i.resize(sizes, n); return nil }))
	}
	return settled
}

// resize changes the number of instances in all specs of the instance, on its
// own goroutine. No launch follows from it: the app can't see the number.
func (i *Instance) resize(sizes map[*spec.Spec]*spec.Spec, n int) {
	resized := func(s **spec.Spec) {
		switch {
		case *s == nil:
		case sizes[*s] != nil:
			*s = sizes[*s]
		default:
			*s = withInstances(*s, n)
		}
	}
	m := i.machine
	resized(&m.spec)
	resized(&m.next)
	if m.candidate != nil {
		resized(&m.candidate.spec)
	}
	i.recordContent()
	i.publish()
	i.recorded = false
	i.record()
}

// withInstances returns the same spec with another number of instances.
func withInstances(s *spec.Spec, n int) *spec.Spec {
	more := *s
	more.Instances = n
	return &more
}
