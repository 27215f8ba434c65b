package supervise

import (
	"context"
	"errors"
)

// leaving is the error of what has to wait until instances that are being deleted
// are gone: two of one number must not run at once.
type leaving []*Instance

func (l leaving) Error() string { return "instances of the app are still being deleted" }

// leaving returns the instances of an app that are being deleted, with s.mu held.
func (s *Supervisor) leaving(name string) leaving {
	return filter(s.instances, func(i *Instance) bool {
		return i.doomed.Load() && i.Status().Spec.Name == name
	})
}

// whenGone calls try, and calls it anew as long as it has to wait for instances
// that are leaving. The error is try's or ctx's.
func whenGone(ctx context.Context, try func() error) error {
	for {
		err := try()
		wait, ok := errors.AsType[leaving](err)
		if !ok {
			return err
		}
		for _, i := range wait {
			select {
			case <-i.gone:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}
