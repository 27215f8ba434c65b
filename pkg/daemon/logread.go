package daemon

import (
	"errors"
	"fmt"
	"io/fs"
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
	if c.files, err = d.sources(in); err != nil {
		return nil, err
	}
	if in.From != nil {
		return c, c.checkFrom(*in.From)
	}
	return c, nil
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

// past hands on what is in a file already, some lines at a time: the last lines,
// or those behind the call's position. It returns where the last whole line
// ends. With rest, what stands behind that without a newline yet is a line as
// well.
func (c *logCall) past(source int, rest bool, each func([]api.LogLine) error) (int64, error) {
	file, lines := &c.files[source], c.lines
	path := file.Path
	if c.in.From != nil {
		lines = 0
	}
	start, next, err := logs.TailStart(path, lines, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, unreadable(path, err)
	}
	if c.in.From != nil {
		start = *c.in.From
		next = max(next, start)
	}
	var some []api.LogLine
	size := 0
	for l, err := range logs.Lines(path, start, next) {
		if err != nil {
			return 0, unreadable(path, err)
		}
		some = append(some, c.line(source, file, l, time.Time{}))
		if size += len(l.Text); len(some) == linesPerReply || size > bytesPerReply {
			if err := each(some); err != nil {
				return 0, err
			}
			some, size = nil, 0
		}
	}
	// A part of a line is not for programs: they get it whole the next time.
	if rest && lines > 0 && c.stamp == nil {
		if l, ok := logs.Unfinished(path, next, bytesPerReply); ok {
			some = append(some, c.line(source, file, l, time.Time{}))
		}
	}
	if len(some) == 0 {
		return next, nil
	}
	return next, each(some)
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
	whole := api.LogsReply{Sources: announced(c.files), Lines: []api.LogLine{}}
	size := 0
	for n := range c.files {
		_, err := c.past(n, true, func(some []api.LogLine) error {
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

// announced is how files are told.
func announced(files []logFile) []api.LogSource {
	sources := []api.LogSource{}
	for _, f := range files {
		sources = append(sources, f.LogSource)
	}
	return sources
}
