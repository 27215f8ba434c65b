package cli

import (
	"context"
	"slices"

	"github.com/leadmaster/hub/pkg/api"
)

// logTrail is what a reader of log files has seen of them. It makes the replies
// of several daemons look like those of one: each line and each file comes once.
type logTrail struct {
	call api.LogsCall
	each func(*api.LogsReply) error

	files   []api.LogSource // with the position from which to go on
	sources []int           // for each source of the connection its place in files
}

// outputError is an error of our own output, which may look like that of a
// connection.
type outputError struct{ error }

// readLogs calls each with files and lines, across the death of daemons. Without
// in.Follow it is a request like any other, for which a daemon is started where
// apps have outlived theirs.
func (c *ctl) readLogs(ctx context.Context, in api.LogsCall, each func(*api.LogsReply) error) error {
	trail := &logTrail{call: in, each: each}
	read := func(ctx context.Context, client *api.Client, answered func()) error {
		return client.Logs(ctx, trail.next(), func(reply *api.LogsReply) error {
			answered()
			return trail.add(reply)
		})
	}
	if in.Follow {
		return c.following(ctx, read)
	}
	return c.repeated(func(ctx context.Context, _ int64) error {
		return c.watched(ctx, 0, func(ctx context.Context, answered func()) error { return read(ctx, c.client, answered) })
	})(ctx)
}

// next is the call of a new connection, behind what has come already.
func (t *logTrail) next() api.LogsCall {
	t.sources = nil
	in := t.call
	for _, f := range t.files {
		in.Positions = append(in.Positions, api.LogPosition{Path: f.Path, Position: f.Position})
	}
	return in
}

// add hands on a reply, its sources numbered through all connections.
func (t *logTrail) add(reply *api.LogsReply) error {
	var out api.LogsReply
	for _, s := range reply.Sources {
		at := slices.IndexFunc(t.files, func(f api.LogSource) bool { return f.Path == s.Path })
		if at < 0 {
			at = len(t.files)
			t.files = append(t.files, s)
			out.Sources = append(out.Sources, s)
		}
		t.sources = append(t.sources, at)
	}
	for _, l := range reply.Lines {
		if l.Source < 0 || l.Source >= len(t.sources) {
			continue
		}
		l.Source = t.sources[l.Source]
		t.files[l.Source].Position = l.Position
		out.Lines = append(out.Lines, l)
	}
	if len(reply.Sources) > 0 && len(out.Sources) == 0 && len(out.Lines) == 0 {
		return nil // a reply without anything means that the last lines are through
	}
	if err := t.each(&out); err != nil {
		return outputError{err}
	}
	return nil
}
