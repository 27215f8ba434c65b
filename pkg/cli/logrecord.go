package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
)

// logRecord is a line of a log for programs: PM2's keys, and its position.
type logRecord struct {
	Message   string  `json:"message"`
	Timestamp *string `json:"timestamp"` // nil: unknown
	Type      string  `json:"type"`
	ID        int     `json:"process_id"` // -1: shared by several instances, or the daemon's
	App       string  `json:"app_name"`
	Position  int64   `json:"position"`
}

// eachRecord calls f for every line.
func (c *ctl) eachRecord(ctx context.Context, in api.LogsCall, f func([]logRecord) error) error {
	var sources []api.LogSource
	return c.readLogs(ctx, in, func(reply *api.LogsReply) error {
		sources = append(sources, reply.Sources...)
		var records []logRecord
		for i := range reply.Lines {
			if line := &reply.Lines[i]; line.Source >= 0 && line.Source < len(sources) {
				records = append(records, recordOf(&sources[line.Source], line))
			}
		}
		if len(records) == 0 {
			return nil
		}
		return f(records)
	})
}

func recordOf(s *api.LogSource, line *api.LogLine) logRecord {
	r := logRecord{Message: string(line.Bytes()), Type: s.Stream, ID: s.ID, App: s.Name, Position: line.Position}
	if line.Timestamp != "" {
		r.Timestamp = &line.Timestamp
	}
	if o := line.From; o != nil { // a file of several says it itself
		r.Type, r.ID, r.App = o.Stream, o.ID, o.Name
	}
	return r
}

// jsonLogs prints a JSON object a line.
func (c *ctl) jsonLogs(ctx context.Context, in api.LogsCall) error {
	return c.eachRecord(ctx, in, func(records []logRecord) error {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		for i := range records {
			if err := enc.Encode(&records[i]); err != nil {
				return err
			}
		}
		_, err := c.Stdout.Write(harmlessJSON(text.Bytes()))
		return err
	})
}

// formatLogs prints key=value pairs, as PM2's --format does.
func (c *ctl) formatLogs(ctx context.Context, in api.LogsCall) error {
	return c.eachRecord(ctx, in, func(records []logRecord) error {
		var text strings.Builder
		for _, r := range records {
			stamp, kind := "", r.Type
			if r.Timestamp != nil {
				stamp = harmless(*r.Timestamp, false)
			}
			if kind == api.StreamErr {
				kind = "error"
			}
			fmt.Fprintf(&text, "timestamp=%s app=%s id=%d type=%s message=%s\n",
				stamp, harmless(r.App, false), r.ID, kind, harmless(r.Message, false))
		}
		_, err := c.Stdout.Write([]byte(text.String()))
		return err
	})
}
