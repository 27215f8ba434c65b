package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/logs"
)

// logCall is a Logs call that is being answered.
type logCall struct {
	d     *Daemon
	in    *api.LogsCall
	lines int
	stamp func(time.Time) string // nil: lines are told as they stand in their files
	files []logFile
}

func (d *Daemon) newLogCall(in *api.LogsCall) (*logCall, error) {
	c := &logCall{d: d, in: in, lines: defaultLines}
	if in.Lines != nil {
		c.lines = max(0, *in.Lines)
	}
	if in.Stamp != nil {
		var err error
		if c.stamp, err = stamper(*in.Stamp); err != nil {
			return nil, &api.Error{Code: api.CodeInvalid, Message: err.Error(), Hint: "such as YYYY-MM-DD HH:mm:ss", Target: "stamp"}
		}
	}
	var err error
	if c.files, err = d.sources(in); err != nil && in.Positions == nil {
		return nil, err
	}
	if in.From != nil && in.Positions == nil {
		return c, c.checkFrom(*in.From)
	}
	return c, nil
}

// position is where a file is read on from, if the call says that.
func (c *logCall) position(path string) (int64, bool) {
	for _, p := range c.in.Positions {
		if p.Path == path {
			return max(0, p.Position), true
		}
	}
	if c.in.From != nil {
		return *c.in.From, true
	}
	return 0, c.in.Positions != nil
}

// extent is what is told of a file that is there already: from start, where its
// first line begins, to next, where its last whole one ends.
func (c *logCall) extent(path string) (start, next int64, err error) {
	position, given := c.position(path)
	lines := c.lines
	if given {
		lines = 0
	}
	start, next, err = logs.TailStart(path, lines, -1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, 0, nil
	case err != nil:
		return 0, 0, unreadable(path, err)
	case given:
		return position, max(next, position), nil
	}
	return start, next, nil
}

// stamper writes times in a format; "" is ISO 8601 in UTC.
func stamper(format string) (func(time.Time) string, error) {
	if format == "" {
		return func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }, nil
	}
	s, err := logs.ParseStamp(format)
	if err != nil {
		return nil, err
	}
	return func(t time.Time) string { return string(s.Append(nil, t)) }, nil
}

// checkFrom refuses a position that can't be one of the call's only file.
func (c *logCall) checkFrom(from int64) error {
	if len(c.files) != 1 {
		var paths []string
		for _, f := range c.files {
			paths = append(paths, f.Path)
		}
		return &api.Error{
			Code: api.CodeInvalid, Target: "from",
			Message: fmt.Sprintf("a position belongs to one file, and %d are meant: %s", len(paths), strings.Join(paths, ", ")),
			Hint:    "name one instance, and one of its streams with --out or --err",
		}
	}
	size := int64(0)
	st, err := os.Stat(c.files[0].Path)
	switch {
	case err == nil:
		size = st.Size()
	case !errors.Is(err, fs.ErrNotExist):
		return unreadable(c.files[0].Path, err)
	}
	if from < 0 || from > size {
		return &api.Error{
			Code: api.CodeRefused, Target: "from",
			Message: fmt.Sprintf("position %d is not in %s, which has %d bytes: it was emptied or replaced since", from, c.files[0].Path, size),
			Hint:    "position 0 reads the file from its start",
		}
	}
	return nil
}

// past announces a file and hands on what is in it already, some lines at a time:
// the last lines, or those behind the call's position. It returns where the last
// whole line ends. With rest, what stands behind that without a newline yet is a
// line as well.
func (c *logCall) past(source int, rest bool, each func([]api.LogSource, []api.LogLine) error) (int64, error) {
	file := &c.files[source]
	path := file.Path
	start, next, err := c.extent(path)
	if err != nil {
		return 0, err
	}
	file.Position = start
	announce := []api.LogSource{file.LogSource}
	some, size := []api.LogLine{}, 0
	hand := func() error {
		err := each(announce, some)
		announce, some, size = []api.LogSource{}, []api.LogLine{}, 0
		return err
	}
	for l, err := range linesOf(path, start, next) {
		if err != nil {
			return 0, unreadable(path, err)
		}
		some = append(some, c.line(source, file, l, time.Time{}))
		if size += len(l.Text); len(some) == linesPerReply || size > bytesPerReply {
			if err := hand(); err != nil {
				return 0, err
			}
		}
	}
	// A part of a line is not for programs: they get it whole the next time.
	if rest && c.lines > 0 && c.in.From == nil && c.stamp == nil {
		if l, ok := logs.Unfinished(path, next, bytesPerReply); ok {
			some = append(some, c.line(source, file, l, time.Time{}))
		}
	}
	if len(announce) == 0 && len(some) == 0 {
		return next, nil
	}
	return next, hand()
}

// linesOf is logs.Lines for a file that need not exist when there is nothing to
// read.
func linesOf(path string, start, next int64) iter.Seq2[logs.Line, error] {
	if start == next {
		return func(func(logs.Line, error) bool) {}
	}
	return logs.Lines(path, start, next)
}

func unreadable(path string, err error) error {
	return &api.Error{Code: api.CodeFailed, Message: "log file: " + err.Error(), Target: path}
}

// line is a line as it is told. read is when it was read, zero for one that was
// there before, so that its time can't be told from that.
func (c *logCall) line(source int, file *logFile, l logs.Line, read time.Time) api.LogLine {
	out := api.LogLine{Source: source, Position: l.Position, Partial: l.Partial}
	text := l.Text
	if c.stamp != nil {
		p := file.format.Parse(text)
		text, out.Timestamp = p.Text, p.Stamp
		if o := p.Object; o != nil {
			out.From = &api.Origin{Stream: o.Type, ID: o.ID, Name: o.App}
		}
		if file.Stream == api.StreamHubd {
			out.Timestamp = ownStamp(text)
		}
		if out.Timestamp == "" && !read.IsZero() {
			out.Timestamp = c.stamp(read)
		}
	}
	if utf8.Valid(text) {
		out.Text = string(text)
	} else {
		out.Base64 = append(make([]byte, 0, len(text)), text...)
	}
	return out
}

// ownStamp is the time in a line of the daemon's own log (log/slog's TextHandler).
func ownStamp(line []byte) string {
	text, ok := strings.CutPrefix(string(line), "time=")
	stamp, _, more := strings.Cut(text, " ")
	if !ok || !more {
		return ""
	}
	return stamp
}

// allPast sends what is in all files in one reply.
func (c *logCall) allPast(r *replies) error {
	whole := api.LogsReply{Sources: []api.LogSource{}, Lines: []api.LogLine{}}
	size := 0
	for n := range c.files {
		_, err := c.past(n, true, func(announce []api.LogSource, some []api.LogLine) error {
			for _, l := range some {
				size += len(l.Text) + len(l.Base64)
			}
			if size > maxReply {
				return &api.Error{
					Code: api.CodeExpectedMore, Message: fmt.Sprintf("the lines are more than %d MiB, too much for one reply", maxReply>>20),
					Hint: "ask for fewer, or call with more",
				}
			}
			whole.Sources = append(whole.Sources, announce...)
			whole.Lines = append(whole.Lines, some...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return r.last(whole)
}

// announced is how files are told.
func announced(files []logFile) []api.LogSource {
	sources := []api.LogSource{}
	for _, f := range files {
		sources = append(sources, f.LogSource)
	}
	return sources
}
