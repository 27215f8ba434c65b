package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// echo repeats what it is told.
const echo = `while read -r x; do echo "$x"; done`

// speaker is an app that says what it is told to.
type speaker struct {
	r    *rig
	name string
	said int
}

// speak makes the app say further numbered lines.
func (s *speaker) speak(lines int) {
	s.r.Helper()
	list, err := s.r.Processes(s.r.context(), false, s.name)
	if err != nil {
		s.r.Fatal(err)
	}
	for range lines {
		s.said++
		s.r.say(list[0].PID, fmt.Sprint("line ", s.said))
	}
}

// reader gathers what Logs sends.
type reader struct {
	r     *rig
	lines chan string
	ended chan error
	stop  context.CancelFunc
}

func (r *rig) follow(in api.LogsCall) *reader {
	ctx, stop := context.WithCancel(r.context())
	f := &reader{r, make(chan string, 1000), make(chan error, 1), stop}
	go func() {
		f.ended <- r.Logs(ctx, in, func(reply *api.LogsReply) error {
			for _, l := range reply.Lines {
				f.lines <- string(l.Bytes())
			}
			return nil
		})
	}()
	return f
}

// want wants these lines next, and no others between.
func (f *reader) want(from, to int) {
	f.r.Helper()
	for n := from; n <= to; n++ {
		if got := receive(f.r, f.lines); got != fmt.Sprint("line ", n) {
			f.r.Fatalf("got %q, want line %d", got, n)
		}
	}
}

// The last lines and then all that comes, each once: over a restart, a stop and
// a flush.
func TestFollowWithoutGap(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", echo))
	s := &speaker{r, "app", 0}
	s.speak(50)
	tail := r.follow(api.LogsCall{Targets: []string{"app"}, Lines: ptr(1000), Follow: true, Streams: []string{"out"}})
	tail.want(1, 50)
	five := r.follow(api.LogsCall{Targets: []string{"app"}, Lines: ptr(5), Follow: true})
	five.want(46, 50)
	for _, action := range []string{"", "restart", "stop", "flush"} {
		switch action {
		case "":
		case "flush":
			files, err := r.LogControl(r.context(), api.LogControlCall{Action: "flush", Targets: []string{"app"}})
			if err != nil || !slices.Equal(files, []string{r.path("logs/app-out.log"), r.path("logs/app-error.log")}) {
				t.Errorf("flushed %v: %v", files, err)
			}
			if text := r.read("logs/app-out.log"); text != "" {
				t.Errorf("after the flush the file holds %q", text)
			}
		case "stop":
			r.act("stop", "app")
			r.act("start", "app")
		default:
			r.act(action, "app")
		}
		from := s.said + 1
		s.speak(50)
		tail.want(from, s.said)
		five.want(from, s.said)
	}
	for _, f := range []*reader{tail, five} {
		f.stop()
		if err := receive(t, f.ended); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	}
}

func ptr(n int) *int { return &n }

// An app that comes later is followed from its first line.
func TestFollowFindsNewApps(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("old", idle))
	f := r.follow(api.LogsCall{Targets: []string{"all"}, Lines: ptr(1), Follow: true, Streams: []string{"out"}})
	for receive(t, f.lines) != "up" { // the daemon's own log is in it too
	}
	r.begin(r.app("new", "echo first; read x"))
	for receive(t, f.lines) != "first" {
	}
	f.stop()
	receive(t, f.ended)
}

// So is a file that an app gets with an overlapping reload.
func TestFollowFindsTheFileOfAReload(t *testing.T) {
	t.Parallel()
	r := serve(t)
	overlap := func(s *spec.Spec) { s.Reload, s.MinUptime = spec.ReloadOverlap, spec.Duration(time.Millisecond) }
	r.begin(r.app("app", idle, overlap))
	f := r.follow(api.LogsCall{Targets: []string{"app"}, Lines: ptr(1), Follow: true, Streams: []string{"out"}})
	for receive(t, f.lines) != "up" {
	}
	next := r.app("app", "echo second; read x", overlap, func(s *spec.Spec) { s.OutFile = r.path("logs/elsewhere.log") })
	r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Start(ctx, api.StartCall{Specs: []spec.Spec{next}, Existing: api.ExistingReload}, each)
	})
	for receive(t, f.lines) != "second" {
	}
	f.stop()
	receive(t, f.ended)
}

func TestTail(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", "read x", func(s *spec.Spec) { s.Instances = 2 }))
	r.write("logs/app-out.log", "one\ntwo\r\n\xff\xfe\nfour\nno end")
	var sources []api.LogSource
	var lines []string
	err := r.Logs(r.context(), api.LogsCall{Targets: []string{"app"}, Lines: ptr(4)}, func(reply *api.LogsReply) error {
		sources = append(sources, reply.Sources...)
		for _, l := range reply.Lines {
			lines = append(lines, string(l.Bytes()))
			if partial := len(lines) == 5; l.Partial != partial {
				t.Errorf("line %q, without an end: %v", l.Bytes(), l.Partial)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []api.LogSource{
		{Path: r.path("logs/app-out.log"), Stream: "out", ID: -1, Name: "app"},
		{Path: r.path("logs/app-error.log"), Stream: "err", ID: -1, Name: "app"},
	}
	if !slices.Equal(sources, want) {
		t.Errorf("sources %+v", sources)
	}
	// The last one counts only when it has an end.
	if got := strings.Join(lines, "|"); got != "one|two\r|\xff\xfe|four|no end" {
		t.Errorf("lines %q", got)
	}
}

func TestLogsOfTheDaemonAndErrors(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.write("hubd.log", "a\nb\n")
	var lines []string
	if err := r.Logs(r.context(), api.LogsCall{Targets: []string{"hubd"}, Lines: ptr(1)}, func(reply *api.LogsReply) error {
		for _, l := range reply.Lines {
			lines = append(lines, l.Text)
		}
		return nil
	}); err != nil || strings.Join(lines, "|") != "b" {
		t.Errorf("%v: %v", lines, err)
	}
	err := r.Logs(r.context(), api.LogsCall{Targets: []string{"nobody"}}, func(*api.LogsReply) error { return nil })
	wantError(t, err, api.CodeNotFound, "nobody")
	if a := r.connect().ask(full("Logs"), `{"follow":true}`); a.Error != api.CodeExpectedMore {
		t.Errorf("follow without more: %+v", a)
	}
	if err := os.Mkdir(r.path("logs/app-out.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.succeed(func(ctx context.Context, each func([]api.Result)) error {
		return r.Start(ctx, api.StartCall{Env: env, Specs: []spec.Spec{r.app("app", idle, func(s *spec.Spec) { s.Autostart = false })}}, each)
	})
	err = r.Logs(r.context(), api.LogsCall{Targets: []string{"app"}}, func(*api.LogsReply) error { return nil })
	wantError(t, err, api.CodeFailed, "app-out.log")
}

// Past and coming events, each once and in order.
func TestEventsWithoutGap(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", idle), r.app("noise", idle))
	ctx, stop := context.WithCancel(r.context())
	var streams []chan api.Event
	var ended []chan error
	// Subscribers come while things happen.
	for n := range 6 {
		events, end := make(chan api.Event, 1000), make(chan error, 1)
		streams, ended = append(streams, events), append(ended, end)
		begun := make(chan struct{}, 1)
		go func() {
			end <- r.Events(ctx, true, func(some []api.Event) error {
				for _, e := range some {
					events <- e
				}
				select {
				case begun <- struct{}{}:
				default:
				}
				return nil
			}, "app")
		}()
		if n%2 == 0 {
			receive(t, begun)
		}
		r.act("restart", "app")
		r.act("restart", "noise")
	}
	r.act("stop", "app")
	list, err := r.Processes(r.context(), true, "app")
	if err != nil {
		t.Fatal(err)
	}
	want := list[0].Hub.Events
	last := want[len(want)-1]
	for n, events := range streams {
		var got []api.Event
		for {
			e := receive(t, events)
			got = append(got, e)
			if e == last {
				break
			}
		}
		tail := got[max(0, len(got)-len(want)):]
		if !slices.Equal(tail, want[len(want)-len(tail):]) {
			t.Errorf("stream %d: %v\nwant %v", n, tail, want)
		}
		if slices.ContainsFunc(got, func(e api.Event) bool { return e.Name != "app" }) {
			t.Errorf("stream %d has events of others", n)
		}
		if len(events) > 0 {
			t.Errorf("stream %d has more", n)
		}
	}
	stop()
	for _, end := range ended {
		if err := receive(t, end); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	}
}

// A follower whose connection has ended goes on behind the last line of each
// file that it has got: nothing is missing, nothing comes twice.
func TestFollowGoesOnByPosition(t *testing.T) {
	t.Parallel()
	r := serve(t)
	r.begin(r.app("app", echo))
	s := &speaker{r, "app", 0}
	s.speak(20)
	in := api.LogsCall{Targets: []string{"app"}, Lines: ptr(5), Follow: true}
	ctx, stop := context.WithCancel(r.context())
	at := make(map[string]int64)
	var seen []string
	var sources []api.LogSource
	err := r.Logs(ctx, in, func(reply *api.LogsReply) error {
		for _, source := range reply.Sources {
			sources, at[source.Path] = append(sources, source), source.Position
		}
		for _, l := range reply.Lines {
			seen, at[sources[l.Source].Path] = append(seen, string(l.Bytes())), l.Position
		}
		if slices.Contains(seen, "line 20") && len(sources) == 2 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%q: %v", seen, err)
	}
	s.speak(20)
	in.Positions = []api.LogPosition{}
	for path, position := range at {
		in.Positions = append(in.Positions, api.LogPosition{Path: path, Position: position})
	}
	f := r.follow(in)
	f.want(21, s.said)
	s.speak(5)
	f.want(41, s.said)
	if _, err := r.LogControl(r.context(), api.LogControlCall{Action: "flush", Targets: []string{"app"}}); err != nil {
		t.Fatal(err)
	}
	s.speak(1)
	f.want(46, 46)
	f.stop()
	receive(t, f.ended)

	// The file is shorter than the position by now.
	f = r.follow(in)
	f.want(46, 46)
	f.stop()
	receive(t, f.ended)
}
