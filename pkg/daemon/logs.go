package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"unicode/utf8"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/logs"
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

// readLogs sends the last lines of the files that targets mean and, with
// follow, what comes after them: each file is read from the very byte at which
// its tail ended, so nothing is missed or doubled.
func (d *Daemon) readLogs(ctx context.Context, in *api.LogsCall, r *replies) error {
	if in.Follow && !r.more() {
		return &api.Error{Code: api.CodeExpectedMore, Message: "follow needs a call with more"}
	}
	lines := defaultLines
	if in.Lines != nil {
		lines = max(0, *in.Lines)
	}
	sub := d.sup.Subscribe() // an app that starts from now on may bring new files
	defer sub.Close()
	sources, err := d.sources(in)
	if err != nil {
		return err
	}
	if !r.more() {
		return allTails(sources, lines, r)
	}
	positions := make([]int64, len(sources))
	for n, s := range sources {
		announce := []api.LogSource{s}
		send := func(some []api.LogLine) error {
			err := r.next(api.LogsReply{Sources: announce, Lines: some})
			announce = []api.LogSource{}
			return err
		}
		if positions[n], err = tail(s.Path, n, lines, !in.Follow, send); err != nil {
			return err
		}
		if len(announce) > 0 {
			if err := send([]api.LogLine{}); err != nil {
				return err
			}
		}
	}
	over := api.LogsReply{Sources: []api.LogSource{}, Lines: []api.LogLine{}}
	if !in.Follow {
		return r.last(over)
	}
	if err := r.next(over); err != nil {
		return err
	}
	return d.follow(ctx, in, r, sub, sources, positions)
}

// maxReply bounds what one reply holds of log files, in bytes.
const maxReply = 8 << 20

// allTails sends the last lines of all files in one reply.
func allTails(sources []api.LogSource, lines int, r *replies) error {
	whole := api.LogsReply{Sources: orEmpty(sources), Lines: []api.LogLine{}}
	size := 0
	for n, s := range sources {
		_, err := tail(s.Path, n, lines, true, func(some []api.LogLine) error {
			for _, l := range some {
				size += len(l.Text) + len(l.Base64)
			}
			if size > maxReply {
				return &api.Error{
					Code: api.CodeExpectedMore, Message: fmt.Sprintf("the lines are more than %d MiB, too much for one reply", maxReply>>20),
					Hint: "ask for fewer, or call with more",
				}
			}
			whole.Lines = append(whole.Lines, some...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return r.last(whole)
}

// sources returns the files that a call means, each once.
func (d *Daemon) sources(in *api.LogsCall) ([]api.LogSource, error) {
	targets := slices.DeleteFunc(slices.Clone(in.Targets), func(t string) bool { return t == api.TargetHubd })
	var list []*supervise.Instance
	if len(targets) > 0 || len(in.Targets) == 0 {
		var err error
		if list, err = d.found(targets); err != nil {
			return nil, err
		}
	}
	var sources []api.LogSource
	if len(targets) < len(in.Targets) || len(in.Targets) == 0 || slices.Contains(targets, "all") {
		sources = append(sources, api.LogSource{Path: d.home.LogPath(), Stream: api.StreamHubd, ID: -1, Name: "hubd"})
	}
	at := make(map[string]int)
	add := func(i *supervise.Instance, stream, base string) {
		if len(in.Streams) > 0 && !slices.Contains(in.Streams, stream) {
			return
		}
		s := i.Status().Spec
		path := s.LogPath(base, i.Number)
		if path == os.DevNull || s.DisableLogs {
			return
		}
		if n, ok := at[path]; ok {
			if sources[n].ID != i.ID {
				sources[n].ID = -1 // shared: a line can't be told from another's
			}
			return
		}
		at[path] = len(sources)
		sources = append(sources, api.LogSource{Path: path, Stream: stream, ID: i.ID, Name: s.Name})
	}
	for _, i := range list {
		s := i.Status().Spec
		add(i, api.StreamOut, s.OutFile)
		add(i, api.StreamErr, s.ErrorFile)
	}
	return sources, nil
}

// tail hands on the last lines of a file, some at a time, and returns where its
// last whole line ends. With rest, what stands behind that without a newline yet
// is a line as well.
func tail(path string, source, n int, rest bool, each func([]api.LogLine) error) (int64, error) {
	start, next, err := logs.TailStart(path, n, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, unreadable(path, err)
	}
	var some []api.LogLine
	size := 0
	for l, err := range logs.Lines(path, start, next) {
		if err != nil {
			return 0, unreadable(path, err)
		}
		some = append(some, line(source, l))
		if size += len(l.Text); len(some) == linesPerReply || size > bytesPerReply {
			if err := each(some); err != nil {
				return 0, err
			}
			some, size = nil, 0
		}
	}
	if rest && n > 0 {
		if l, ok := unfinished(path, next); ok {
			some = append(some, line(source, l))
		}
	}
	if len(some) == 0 {
		return next, nil
	}
	return next, each(some)
}

// unfinished returns the line that begins at an offset and has no newline yet.
func unfinished(path string, from int64) (logs.Line, bool) {
	f, err := os.Open(path)
	if err != nil {
		return logs.Line{}, false
	}
	defer f.Close()
	buf := make([]byte, bytesPerReply)
	n, err := f.ReadAt(buf, from)
	if n == 0 || err != nil && !errors.Is(err, io.EOF) || bytes.IndexByte(buf[:n], '\n') >= 0 {
		return logs.Line{}, false // none, or it was finished just now
	}
	return logs.Line{Text: buf[:n], Position: from + int64(n), Partial: true}, true
}

func unreadable(path string, err error) error {
	return &api.Error{Code: api.CodeFailed, Message: "log file: " + err.Error(), Target: path}
}

func line(source int, l logs.Line) api.LogLine {
	out := api.LogLine{Source: source, Position: l.Position, Partial: l.Partial}
	if utf8.Valid(l.Text) {
		out.Text = string(l.Text)
	} else {
		out.Base64 = slices.Clone(l.Text)
	}
	return out
}

// follow sends lines as they come, until the client is gone.
func (d *Daemon) follow(ctx context.Context, in *api.LogsCall, r *replies, sub *supervise.Subscription, sources []api.LogSource, positions []int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan api.LogLine, linesPerReply)
	for n, s := range sources {
		go d.pump(ctx, s.Path, n, positions[n], lines)
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
			if ok && ev.Kind != "start" {
				continue
			}
			if !ok { // too many events at once: look again now, and go on
				sub.Close()
				sub = d.sup.Subscribe()
				defer sub.Close()
			}
			more := d.newSources(in, sources)
			if len(more) == 0 {
				continue
			}
			if err := r.next(api.LogsReply{Sources: more, Lines: []api.LogLine{}}); err != nil {
				return err
			}
			for _, s := range more {
				sources = append(sources, s)
				go d.pump(ctx, s.Path, len(sources)-1, 0, lines)
			}
		}
	}
}

// newSources returns the files that the call means now and did not before. A
// target that is gone meanwhile is no error: it may come back.
func (d *Daemon) newSources(in *api.LogsCall, known []api.LogSource) []api.LogSource {
	now, err := d.sources(in)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(now, func(s api.LogSource) bool {
		return slices.ContainsFunc(known, func(k api.LogSource) bool { return k.Path == s.Path })
	})
}

// pump reads one file for a follower.
func (d *Daemon) pump(ctx context.Context, path string, source int, from int64, lines chan<- api.LogLine) {
	f := d.logs.Follow(path, from)
	defer f.Close()
	for {
		l, err := f.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				d.log.Error("log file is not followed any more", "file", path, "error", err)
			}
			return
		}
		select {
		case lines <- line(source, l):
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

// logControl empties log files: of the apps that targets mean, or of all and
// the daemon's own.
func (d *Daemon) logControl(ctx context.Context, in *api.LogControlCall, r *replies) error {
	if in.Action != api.ActionFlush {
		return &api.Error{Code: api.CodeInvalid, Message: "action " + in.Action + " is unknown", Hint: "the action is flush", Target: "action"}
	}
	sources, err := d.sources(&api.LogsCall{Targets: in.Targets})
	if err != nil {
		return err
	}
	files := []string{}
	for _, s := range sources {
		if err := d.logs.Truncate(ctx, s.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &api.Error{Code: api.CodeFailed, Message: "flush: " + err.Error(), Target: s.Path}
		}
		files = append(files, s.Path)
	}
	return r.last(api.LogControlReply{Files: files})
}
