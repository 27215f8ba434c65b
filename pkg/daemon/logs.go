package daemon

import (
	"context"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/supervise"
)

// defaultLines is how many lines of each file Logs sends when nobody says.
const defaultLines = 15

// linesPerReply and bytesPerReply are how many lines, and about how much text,
// that are there at the same time share a reply.
const (
	linesPerReply = 256
	bytesPerReply = 128 << 10
)

// maxReply bounds what one reply holds of log files, in bytes.
const maxReply = 8 << 20

// readLogs sends the last lines of the files that targets mean and, with
// follow, what comes after them: each file is read from the very byte at which
// its tail ended, so nothing is missed or doubled.
func (d *Daemon) readLogs(ctx context.Context, in *api.LogsCall, r *replies) error {
	if in.Follow && !r.more() {
		return &api.Error{Code: api.CodeExpectedMore, Message: "follow needs a call with more"}
	}
	sub := d.sup.Subscribe() // an app that starts from now on may bring new files
	defer sub.Close()
	c, err := d.newLogCall(in)
	if err != nil {
		return err
	}
	if !r.more() {
		return c.allPast(r)
	}
	positions := make([]int64, len(c.files))
	for n := range c.files {
		send := func(announce []api.LogSource, some []api.LogLine) error {
			return r.next(api.LogsReply{Sources: announce, Lines: some})
		}
		if positions[n], err = c.past(n, !in.Follow, send); err != nil {
			return err
		}
	}
	over := api.LogsReply{Sources: []api.LogSource{}, Lines: []api.LogLine{}}
	if !in.Follow {
		return r.last(over)
	}
	if err := r.next(over); err != nil {
		return err
	}
	return c.follow(ctx, r, sub, positions)
}

// follow sends lines as they come, until the client is gone.
func (c *logCall) follow(ctx context.Context, r *replies, sub *supervise.Subscription, positions []int64) error {
	defer func() { sub.Close() }() // whichever it is by then
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan api.LogLine, linesPerReply)
	for n := range c.files {
		go c.pump(ctx, n, c.files[n], positions[n], lines)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case l := <-lines:
			if err := r.next(api.LogsReply{Sources: []api.LogSource{}, Lines: gather(l, lines)}); err != nil {
				return err
			}
		case ev, ok := <-sub.C:
			if ok && ev.Kind != "start" && ev.Kind != "online" {
				continue
			}
			if !ok { // too many events at once: look again now, and go on
				sub.Close()
				sub = c.d.sup.Subscribe()
			}
			more := c.newFiles()
			if len(more) == 0 {
				continue
			}
			if err := r.next(api.LogsReply{Sources: announced(more), Lines: []api.LogLine{}}); err != nil {
				return err
			}
			for _, f := range more {
				c.files = append(c.files, f)
				go c.pump(ctx, len(c.files)-1, f, f.Position, lines)
			}
		}
	}
}

// newFiles returns the files that the call means now and did not before; a
// position belongs to one file for good. A target that is gone meanwhile is no
// error: it may come back.
func (c *logCall) newFiles() []logFile {
	if c.in.From != nil {
		return nil
	}
	now, err := c.d.sources(c.in)
	if err != nil {
		return nil
	}
	now = slices.DeleteFunc(now, func(f logFile) bool {
		return slices.ContainsFunc(c.files, func(k logFile) bool { return k.Path == f.Path })
	})
	for n := range now {
		if len(c.in.Positions) > 0 {
			now[n].Position, _ = c.position(now[n].Path)
		}
	}
	return now
}

// pump reads one file for a follower.
func (c *logCall) pump(ctx context.Context, source int, file logFile, from int64, lines chan<- api.LogLine) {
	f := c.d.logs.Follow(file.Path, from)
	defer f.Close()
	for {
		l, err := f.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				c.d.log.Error("log file is not followed any more", "file", file.Path, "error", err)
			}
			return
		}
		select {
		case lines <- c.line(source, &file, l, time.Now()):
		case <-ctx.Done():
			return
		}
	}
}

// gather collects lines that are there already.
func gather(first api.LogLine, lines <-chan api.LogLine) []api.LogLine {
	some := []api.LogLine{first}
	for len(some) < linesPerReply {
		select {
		case l := <-lines:
			some = append(some, l)
		default:
			return some
		}
	}
	return some
}
