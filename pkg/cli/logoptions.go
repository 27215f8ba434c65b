package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/leadmaster/hub/pkg/api"
)

// logOptions are the flags of logs.
type logOptions struct {
	lines              int
	noStream, out, err bool
	raw, json, format  bool
	timestamp          string // format, or empty
	highlight          string
	followFrom         int64
	from               *int64 // followFrom, if it was given
}

func (o *logOptions) declare(flags *pflag.FlagSet) {
	flags.IntVar(&o.lines, "lines", defaultLines, "how many of the last lines of each file")
	flags.BoolVar(&o.noStream, "nostream", false, "show the last lines only")
	flags.BoolVar(&o.out, "out", false, "only what went to stdout")
	flags.BoolVar(&o.err, "err", false, "only what went to stderr")
	flags.BoolVar(&o.raw, "raw", false, "lines as they were written, those of stderr to stderr")
	flags.BoolVar(&o.json, "json", false, "one JSON object a line")
	flags.BoolVar(&o.format, "format", false, "one line of key=value pairs a line")
	flags.StringVar(&o.timestamp, "timestamp", "", "put each line's time in front: its own, else the time at which it is read, as `format` says")
	flags.Lookup("timestamp").NoOptDefVal = defaultTimestamp
	flags.StringVar(&o.highlight, "highlight", "", "let the first occurrence of a `word` in each line stand out")
	flags.Int64Var(&o.followFrom, "follow-from", 0, "go on behind a `position` (see --json) of the only file that is meant")
}

func (o *logOptions) check(flags *pflag.FlagSet) error {
	if o.lines < 0 {
		return fmt.Errorf("--lines: found %d; want 0 or more", o.lines)
	}
	if o.json && o.format || o.raw && (o.json || o.format) {
		return errors.New("--raw, --json and --format exclude each other")
	}
	if flags.Changed("follow-from") {
		if o.followFrom < 0 {
			return fmt.Errorf("--follow-from: found %d; want 0 or more", o.followFrom)
		}
		o.from = &o.followFrom
	}
	return nil
}

// call is what the options ask of the daemon.
func (o *logOptions) call(targets []string) api.LogsCall {
	in := api.LogsCall{Targets: targets, Lines: &o.lines, Follow: !o.noStream, From: o.from}
	if o.out {
		in.Streams = append(in.Streams, api.StreamOut)
	}
	if o.err {
		in.Streams = append(in.Streams, api.StreamErr)
	}
	switch {
	case o.json && o.timestamp == defaultTimestamp:
		in.Stamp = new(string) // every line has a timestamp; this one programs can read
	case o.json || o.format || o.timestamp != "":
		in.Stamp = &o.timestamp
	}
	return in
}
