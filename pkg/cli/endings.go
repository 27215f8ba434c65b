package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// endTime is how long a daemon and its keeper may take to end after their apps
// have.
const endTime = 10 * time.Second

// endings are the processes of a daemon that is to end: its own and its keeper's.
// They are held from before the end, so that their pids can't mean others.
type endings struct{ all []ending }

type ending struct {
	what  string
	pid   int
	pidfd int
}

// holdDaemon asks the daemon who it is.
func (c *ctl) holdDaemon(ctx context.Context) (*endings, error) {
	var d api.DaemonReply
	err := c.inTime(func(ctx context.Context) (err error) {
		d, err = c.client.Daemon(ctx)
		return err
	})(ctx)
	if err != nil {
		return nil, err
	}
	e := &endings{}
	if err := e.hold("the daemon", d.PID); err != nil {
		return nil, err
	}
	if d.Keeper == 0 {
		return e, nil
	}
	if err := e.hold("the keeper", d.Keeper); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

func (e *endings) hold(what string, pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case errors.Is(err, unix.ESRCH): // it has ended already
		return nil
	case err != nil:
		return fmt.Errorf("watch %s, pid %d: %w", what, pid, err)
	}
	e.all = append(e.all, ending{what, pid, fd})
	return nil
}

// release gives the processes up. Nil holds none.
func (e *endings) release() {
	if e == nil {
		return
	}
	for _, p := range e.all {
		unix.Close(p.pidfd)
	}
	e.all = nil
}

// await waits until all have ended.
func (e *endings) await(limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for _, p := range e.all {
		if err := p.await(deadline); err != nil {
			return fmt.Errorf("%s, pid %d, has not ended within %s: %w", p.what, p.pid, limit, err)
		}
	}
	return nil
}

// await waits for the end of a process: its pidfd is then readable
// (pidfd_open(2)).
func (p *ending) await(deadline time.Time) error {
	for {
		fds := []unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}
		left := max(0, time.Until(deadline))
		switch n, err := unix.Poll(fds, int(left.Milliseconds())); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("poll: %w", err)
		case n == 0:
			return context.DeadlineExceeded
		default:
			return nil
		}
	}
}
