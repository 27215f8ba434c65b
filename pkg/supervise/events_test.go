package supervise

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
)

func TestMailbox(t *testing.T) {
	t.Parallel()
	b := newMailbox()
	for n := range 5 {
		if !b.put(n) {
			t.Fatal("refused")
		}
	}
	<-b.wake
	if got := b.take(); !slices.Equal(got, []any{0, 1, 2, 3, 4}) {
		t.Errorf("took %v", got)
	}
	if len(b.wake) != 0 || len(b.take()) != 0 {
		t.Error("there is more")
	}
	b.put("unread")
	if got := b.close(); !slices.Equal(got, []any{"unread"}) {
		t.Errorf("unread: %v", got)
	}
	if b.put("late") {
		t.Error("a closed mailbox took a message")
	}
}

// A slow subscriber is cut off, and nobody else notices.
func TestSlowSubscriber(t *testing.T) {
	t.Parallel()
	var b bus
	slow, quick := b.subscribe(), b.subscribe()
	for n := range subscriberQueue + 1 {
		b.publish(Event{ID: n})
		if e := <-quick.C; e.ID != n {
			t.Fatalf("event %d came as %d", n, e.ID)
		}
	}
	got := 0
	for range slow.C {
		got++
	}
	if got != subscriberQueue {
		t.Errorf("it got %d events before it was cut off", got)
	}
	slow.Close() // closed already
	quick.Close()
	quick.Close()
	b.publish(Event{})
	if _, ok := <-quick.C; ok {
		t.Error("an event came after Close")
	}
}

// handlerFunc is a slog.Handler that looks on while something is logged.
type handlerFunc func(slog.Record)

func (f handlerFunc) Enabled(context.Context, slog.Level) bool      { return true }
func (f handlerFunc) Handle(_ context.Context, r slog.Record) error { f(r); return nil }
func (f handlerFunc) WithAttrs([]slog.Attr) slog.Handler            { return f }
func (f handlerFunc) WithGroup(string) slog.Handler                 { return f }

// Who subscribes first and reads the history then has seen everything, at
// whatever moment that was.
func TestHistoryAndEventsHaveNoGap(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	type look struct {
		at      string
		sub     *Subscription
		history []Event
	}
	var looks []look
	var text bytes.Buffer
	next := slog.NewTextHandler(&text, nil)
	// Each line of the log is a moment in the middle of a step.
	r.Supervisor.Log = slog.New(handlerFunc(func(rec slog.Record) {
		_ = next.Handle(context.Background(), rec)
		for _, i := range r.App("app") {
			sub := r.Subscribe()
			looks = append(looks, look{fmt.Sprintf("%d, %s", len(looks), rec.Message), sub, i.Status().Events})
		}
	}))
	i := r.request(Request{Spec: r.app("app", idle), Base: base(), Hold: true})[0]
	r.act(i, "start")
	sub := r.Subscribe()
	r.say(i.Status().PID, "end") // and a step that ends and starts it
	r.event(sub, "online")
	sub.Close()
	r.act(i, "stop")
	r.act(i, "start")
	all := i.Status().Events
	if len(looks) < 6 || len(all) < 6 {
		t.Fatalf("%d looks, %d events", len(looks), len(all))
	}
	for _, l := range looks {
		l.sub.Close()
		seen := slices.Clone(l.history)
		for e := range l.sub.C {
			if len(seen) == 0 || e.Time.After(seen[len(seen)-1].Time) {
				seen = append(seen, e)
			}
		}
		if !slices.Equal(seen, all) {
			t.Errorf("look %s: saw %v\nwant %v\n%s", l.at, kinds(seen), kinds(all), text.String())
		}
	}
}

func kinds(list []Event) (words []string) {
	for _, e := range list {
		words = append(words, e.Kind)
	}
	return words
}
