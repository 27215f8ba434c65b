package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// read calls Logs and returns its lines.
func (r *rig) logLines(in api.LogsCall) ([]api.LogLine, error) {
	var lines []api.LogLine
	err := r.Logs(r.context(), in, func(reply *api.LogsReply) error {
		lines = append(lines, reply.Lines...)
		return nil
	})
	return lines, err
}

func position(n int64) *int64 { return &n }

// Reading goes on exactly behind the position of any line.
func TestFromAPosition(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", echo))
	s := &speaker{r, "app", 0}
	s.speak(20)
	f := r.follow(api.LogsCall{Targets: []string{"app"}, Lines: ptr(20), Follow: true, Streams: []string{"out"}})
	f.want(1, 20) // all are in the file
	f.stop()
	receive(t, f.ended)
	in := api.LogsCall{Targets: []string{"app"}, Lines: ptr(100), Streams: []string{"out"}}
	all, err := r.logLines(in)
	if err != nil || len(all) != 20 {
		t.Fatalf("%d lines: %v", len(all), err)
	}
	for n, l := range all {
		in.From = position(l.Position)
		rest, err := r.logLines(in)
		if err != nil || len(rest) != 20-n-1 || len(rest) > 0 && rest[0].Text != all[n+1].Text {
			t.Fatalf("behind line %d: %v, %v", n, rest, err)
		}
	}
	in.Follow, in.From = true, position(all[9].Position)
	f = r.follow(in)
	f.want(11, 20)
	s.speak(5)
	f.want(21, 25)
	f.stop()
	receive(t, f.ended)
}

func TestPositionsThatMeanNothing(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", "read x"))
	r.write("logs/app-out.log", "one\n")
	for text, in := range map[string]api.LogsCall{
		"2 are meant":     {Targets: []string{"app"}, From: position(0)},
		"has 4 bytes":     {Targets: []string{"app"}, From: position(5), Streams: []string{"out"}},
		"position -1":     {Targets: []string{"app"}, From: position(-1), Streams: []string{"out"}},
		"has 0 bytes":     {Targets: []string{"app"}, From: position(1), Streams: []string{"err"}},
		"with a line bre": {Targets: []string{"app"}, Stamp: new("HH\nmm")},
	} {
		if _, err := r.logLines(in); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want an error with %q, got %v", text, err)
		}
	}
	lines, err := r.logLines(api.LogsCall{Targets: []string{"app"}, From: position(4), Streams: []string{"out"}})
	if err != nil || len(lines) != 0 {
		t.Errorf("at the end: %v, %v", lines, err)
	}
}

// A line's time is its own, or that of its reading, or unknown.
func TestTimesOfLines(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(
		r.app("plain", echo),
		r.app("stamped", "read x", func(s *spec.Spec) { s.LogDateFormat = "YYYY" }),
		r.app("json", "read x", func(s *spec.Spec) { s.LogType = spec.LogTypeJSON }),
	)
	r.write("logs/plain-out.log", "before\n")
	r.write("logs/stamped-out.log", "2020: mine\nolder: line\n")
	r.write("logs/json-out.log", `{"message":"m\n","timestamp":"then","type":"err","process_id":9,"app_name":"x"}`+"\n")
	tell := func(name string) string {
		lines, err := r.logLines(api.LogsCall{Targets: []string{name}, Streams: []string{"out"}, Stamp: new("")})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, l := range lines {
			all = append(all, fmt.Sprintf("%s|%s|%v", l.Timestamp, l.Text, l.From != nil && *l.From == api.Origin{Stream: "err", ID: 9, Name: "x"}))
		}
		return strings.Join(all, "; ")
	}
	for name, want := range map[string]string{
		"plain": "|before|false", "stamped": "2020|mine|false; |older: line|false", "json": "then|m\n|true",
	} {
		if got := tell(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	ctx, stop := context.WithCancel(r.context())
	defer stop()
	stamp := make(chan string, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- r.Logs(ctx, api.LogsCall{Targets: []string{"plain"}, Streams: []string{"out"}, Follow: true, Stamp: new("[read]")}, func(reply *api.LogsReply) error {
			if len(reply.Lines) == 0 && len(reply.Sources) == 0 {
				stamp <- "over"
			}
			for _, l := range reply.Lines {
				stamp <- l.Timestamp + "|" + l.Text
			}
			return nil
		})
	}()
	if a, b := receive(t, stamp), receive(t, stamp); a != "|before" || b != "over" {
		t.Errorf("first %q, then %q", a, b)
	}
	(&speaker{r, "plain", 0}).speak(1)
	if got := receive(t, stamp); got != "read|line 1" {
		t.Errorf("a new line is %q", got)
	}
	stop()
	if err := receive(t, ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// log_file is read where a stream has no file of its own, and emptied always.
func TestCombinedFile(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(
		r.app("besides", idle, func(s *spec.Spec) { s.LogFile = r.path("logs/besides.log") }),
		r.app("alone", idle, func(s *spec.Spec) {
			s.OutFile, s.ErrorFile, s.LogFile = os.DevNull, os.DevNull, r.path("logs/alone.log")
		}),
	)
	for name, want := range map[string][]string{"besides": {"logs/besides-out.log out", "logs/besides-error.log err"}, "alone": {"logs/alone.log log"}} {
		var got []string
		if err := r.Logs(r.context(), api.LogsCall{Targets: []string{name}}, func(reply *api.LogsReply) error {
			for _, s := range reply.Sources {
				got = append(got, strings.TrimPrefix(s.Path, r.path("")+"/")+" "+s.Stream)
			}
			return nil
		}); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s is read from %q (%v)", name, got, err)
		}
	}
	files, err := r.LogControl(r.context(), api.LogControlCall{Action: api.ActionFlush, Targets: []string{"besides"}})
	if err != nil || len(files) != 3 || r.read("logs/besides.log") != "" {
		t.Errorf("emptied: %q (%v)", files, err)
	}
	list, err := r.Processes(r.context(), false, "all")
	if err != nil || list[0].PM2Env.LogPath != r.path("logs/besides.log") {
		t.Errorf("pm_log_path %q (%v)", list[0].PM2Env.LogPath, err)
	}
}

// Apps don't write to each other's log files, unless both say so.
func TestSharedLogFilesAreRefused(t *testing.T) {
	t.Parallel()
	r := serve(t)
	shared := func(s *spec.Spec) { s.OutFile = r.path("logs/all.log") }
	merged := func(s *spec.Spec) { shared(s); s.MergeLogs, s.SharedLogs = true, true }
	start := func(specs ...spec.Spec) error {
		return r.Start(r.context(), api.StartCall{Env: env, Specs: specs}, func([]api.Result) {})
	}
	refused := func(what string, err error, other string) {
		t.Helper()
		wantError(t, err, api.CodeRefused, other)
		if err != nil && !strings.Contains(err.Error(), r.path("logs/all.log")) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("in one call", start(r.app("a", idle, shared), r.app("b", idle, shared)), `"a"`)
	if rows, err := r.List(r.context()); err != nil || len(rows) != 0 {
		t.Errorf("%d apps were started (%v)", len(rows), err)
	}
	r.begin(r.app("one", idle, shared))
	refused("beside one that runs", start(r.app("two", idle, shared)), `"one"`)
	refused("one that says so", start(r.app("two", idle, merged)), `"one"`)
	r.begin(r.app("one", idle, shared)) // again
	r.begin(r.app("one", idle, merged), r.app("two", idle, merged))
	refused("a third that doesn't", start(r.app("three", idle, shared)), `"one"`)
}
