package cli

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

// blocks answers when the context ends.
func blocks(ctx context.Context) answer {
	return func(json.RawMessage) ([]any, *api.Error) {
		<-ctx.Done()
		return nil, &api.Error{Code: "hang up"}
	}
}

func TestHungDaemon(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"list"}, {"jlist"}, {"stop", "api"}, {"start", "api", "web"}, {"restart", "api"}, {"logs"}, {"kill"}, {"update"}, {"api", "List"}, {"attach", "api"}, {"ping"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithCancel(t.Context())
			hangs := blocks(ctx)
			p, f := newFake(t, map[string]answer{"Daemon": hangs, "List": hangs, "Processes": hangs, "Logs": hangs})
			t.Cleanup(end)
			p.sys.silence = 20 * time.Millisecond
			writeFile(t, p, "hubd.pid", "4711\n")
			r := p.run(t, args...)
			if r.code != 1 {
				t.Errorf("exit code %d", r.code)
			}
			contains(t, r.stderr, "the daemon, pid 4711, hangs: it has answered nothing for 40ms\n", "kill -ABRT 4711", "DIR/hubd.log")
			if strings.Count(r.stderr, "hangs: ") != 1 {
				t.Errorf("told more than once:\n%s", r.stderr)
			}
			if all := append(f.parameters("Act"), f.parameters("Start")...); len(all) > 0 {
				t.Errorf("asked a daemon that hangs for %q, which the next one would do", all)
			}
		})
	}
}

// A daemon that takes over apps is waited for, however long that takes, and said
// so once.
func TestAdoptingDaemon(t *testing.T) {
	t.Parallel()
	adopting := api.DaemonReply{State: stateAdopting, Adopting: &api.Adopting{Done: 3, Of: 100}}
	enough := make(chan struct{})
	var asked atomic.Int32
	p, _ := newFake(t, map[string]answer{
		"Daemon": func(json.RawMessage) ([]any, *api.Error) {
			if asked.Add(1) == 3 {
				close(enough)
			}
			return []any{adopting}, nil
		},
		"List": func(json.RawMessage) ([]any, *api.Error) {
			<-enough
			return []any{api.ListReply{}}, nil
		},
	})
	p.sys.silence = 10 * time.Millisecond
	r := p.run(t, "list")
	r.check(t, 0, r.stdout, "[hub] the daemon is taking over the apps of the one before: 3 of 100\n")
}

// A daemon that lives and yet does not list its apps has a defect.
func TestDaemonThatLivesAndDoesNotAnswer(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	p, _ := newFake(t, map[string]answer{"List": blocks(ctx)})
	t.Cleanup(end)
	p.sys.silence = answerTime / 2
	c := &ctl{System: p.sys}
	if err := c.locate(); err != nil {
		t.Fatal(err)
	}
	c.silence = 10 * time.Millisecond
	err := c.watched(t.Context(), 30*time.Millisecond, func(ctx context.Context, _ func()) error {
		_, err := c.client.List(ctx)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "the daemon lives but has not answered for 30ms") {
		t.Errorf("%v", err)
	}
}

// Who is answered at once asks nothing else.
func TestNoFurtherRoundTrip(t *testing.T) {
	t.Parallel()
	p, f := newFake(t, map[string]answer{"List": replies(api.ListReply{})})
	p.run(t, "list")
	if lists, lives := f.parameters("List"), f.parameters("Daemon"); len(lists) != 1 || len(lives) != 0 {
		t.Errorf("list asked %d lists and %d signs of life", len(lists), len(lives))
	}
}
