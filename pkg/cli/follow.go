package cli

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

const (
	// nextTime is how long a follower waits for the next daemon.
	nextTime = 10 * time.Second
	// firstPause and lastPause are the least and the greatest time before it
	// connects again.
	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// follower is a request that goes on until it is interrupted. It runs anew for
// each daemon, with a client of its own, and calls answered at every reply.
type follower func(ctx context.Context, client *api.Client, answered func()) error

// following runs r, and again on the next daemon when its connection ends
// although nobody asked for that: after a crash or an update. A daemon that was
// ended on purpose takes its socket along and is not waited for. Followers wait
// for a daemon, they don't start one: who has ended it may have meant to.
func (c *ctl) following(ctx context.Context, r follower) error {
	answered, begun, lost, pause := false, time.Now(), time.Now(), firstPause
	err := c.watched(ctx, 0, func(ctx context.Context, stop func()) error {
		return r(ctx, c.client, func() { answered = true; stop() })
	})
	if errors.Is(err, api.ErrNotRunning) {
		return err
	}
	for isGone(err) || errors.Is(err, unix.ECONNREFUSED) {
		now := time.Now()
		switch {
		case answered && now.Sub(begun) > lastPause:
			lost, pause = now, firstPause
		case answered: // a daemon that dies again and again is not pressed
			lost = now
		case now.Sub(lost) > nextTime:
			return errGone()
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
		answered, begun, pause = false, time.Now(), min(2*pause, lastPause)
		err = r(ctx, c.looker, func() { answered = true })
		if errors.Is(err, api.ErrNotRunning) && !errors.Is(err, unix.ECONNREFUSED) || isEnding(err) {
			return errGone()
		}
	}
	return err
}

// wait returns after a time, or with the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
