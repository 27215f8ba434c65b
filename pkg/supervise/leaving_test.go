package supervise

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// A number whose process still runs is not given to another one, whoever asks.
func TestNumberOfOneThatIsLeaving(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", "trap '' TERM; echo up; read x", func(s *spec.Spec) { s.Instances = 2 })
	list := r.start(s)
	r.line(s.LogPath(s.OutFile, 1), "up")
	more := func(ctx context.Context, n int) ([]*Pending, error) {
		return r.Scale(ctx, "app", func(have int) (int, error) { return have + n, nil }, time.Time{}, "test")
	}
	fewer, err := more(context.Background(), -1)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := more(ended, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("scale: %v", err)
	}
	for _, existing := range []Existing{Restart, Renew, Add, Keep} {
		if _, err := r.Supervisor.Start(ended, Request{Spec: s, Base: base(), Existing: existing}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", existing, err)
		}
	}
	if got := r.numbers("app"); got != "0:0" {
		t.Errorf("something was done: %s", got)
	}
	type scaled struct {
		pending []*Pending
		err     error
	}
	done := make(chan scaled, 1)
	go func() {
		pending, err := more(context.Background(), 1)
		done <- scaled{pending, err}
	}()
	r.say(list[1].Status().PID, "end")
	if o := r.outcome(fewer[0]); o.Err != "" {
		t.Fatal(o.Err)
	}
	again := receive(t, done)
	if again.err != nil {
		t.Fatal(again.err)
	}
	if o := r.outcome(again.pending[0]); o.Err != "" {
		t.Error(o.Err)
	}
	if got := r.numbers("app"); got != "0:0 2:1" {
		t.Errorf("the number is given again: %s", got)
	}
	r.say(r.App("app")[0].Status().PID, "end") // they would take the kill timeout
	r.say(r.App("app")[1].Status().PID, "end")
}
