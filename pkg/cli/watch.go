package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

const (
	// silence is how long a daemon may leave a request without an answer before it
	// is asked for a sign of life, and how long it then has for that.
	silence = time.Second
	// answerTime is what a daemon that gives signs of life gets for an answer that
	// needs no waiting for apps.
	answerTime = 10 * time.Second
)

// States of a daemon.
const (
	stateAdopting = "adopting"
	stateOnline   = "online"
	stateStopping = "stopping"
)

// stalled is the error of a request to a daemon that hangs.
type stalled struct{ error }

func (s stalled) Unwrap() error { return s.error }

// watched runs r and looks meanwhile whether the daemon is alive, until r has
// ended or has called answered. A daemon that takes over the apps of the one
// before is waited for; one that hangs ends r with an error, and so does, unless
// limit is 0, one that lives and has not answered within it. Who is answered at
// once pays for a timer, no more.
func (c *ctl) watched(ctx context.Context, limit time.Duration, r func(ctx context.Context, answered func()) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err := c.watch(watching, limit); err != nil {
			cancel(stalled{err})
		}
	}()
	err := r(ctx, stop)
	stop()
	<-over
	if s, ok := errors.AsType[stalled](context.Cause(ctx)); ok && err != nil {
		return s
	}
	return err
}

// watch asks the daemon for signs of life until ctx is done; it returns an error
// when there is no use in waiting any longer.
func (c *ctl) watch(ctx context.Context, limit time.Duration) error {
	interval := cmp.Or(c.silence, silence)
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for waited := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		waited += interval
		d, err := c.signOfLife(ctx, interval)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, context.DeadlineExceeded):
			return c.errHangs(interval)
		case err != nil: // it ends, or has ended: the request will tell
		case d.State == stateAdopting:
			c.tellAdopting(&d)
			waited = 0
		case limit > 0 && waited >= limit:
			return hint(fmt.Errorf("the daemon lives but has not answered for %s", limit),
				fmt.Sprintf("kill -ABRT %d ends it and shows in %s what it does; its apps run on, and its keeper starts the next one", d.PID, filepath.Join(c.Home, "hubd.log")))
		}
		timer.Reset(interval)
	}
}

// signOfLife asks the daemon what it can tell at any moment. It starts none.
func (c *ctl) signOfLife(ctx context.Context, limit time.Duration) (api.DaemonReply, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	d, err := c.looker.Daemon(limited)
	if err != nil && limited.Err() != nil {
		err = limited.Err()
	}
	return d, err
}

// tellAdopting says once what a request waits for.
func (c *ctl) tellAdopting(d *api.DaemonReply) {
	progress := ""
	if a := d.Adopting; a != nil {
		progress = fmt.Sprintf(": %d of %d", a.Done, a.Of)
	}
	c.adoption.Do(func() { c.note("the daemon is taking over the apps of the one before%s", progress) })
}

// errHangs is what can be said about a daemon that says nothing.
func (c *ctl) errHangs(interval time.Duration) error {
	name, pid := "the daemon", c.pidOnFile()
	if pid != "" {
		name += ", pid " + pid + ","
	}
	return hint(fmt.Errorf("%s hangs: it has answered nothing for %s", name, 2*interval),
		fmt.Sprintf("its keeper replaces it by itself within 20 s, and its apps run on; kill -ABRT %s does so at once and shows in %s where it hangs",
			cmp.Or(pid, "PID"), filepath.Join(c.Home, "hubd.log")))
}

// pidOnFile returns the pid that the daemon has put into hubd.pid, or "".
func (c *ctl) pidOnFile() string {
	text, err := os.ReadFile(filepath.Join(c.Home, "hubd.pid"))
	if pid := strings.TrimSpace(string(text)); err == nil && isNumber(pid) {
		return pid
	}
	return ""
}
