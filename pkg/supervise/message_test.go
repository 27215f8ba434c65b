package supervise

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/leadmaster/hub/pkg/spec"
)

func TestMessagesAreEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sub := r.Subscribe()
	defer sub.Close()
	i := r.one(r.app("app", `echo up; echo '{"type":"log","data":1}' >&3; read x`, func(s *spec.Spec) { s.IPC = true }))
	e := r.event(sub, "message")
	if e.Reason != `{"type":"log","data":1}` || e.UUID != i.UUID || e.PID != i.Status().PID {
		t.Errorf("%+v", e)
	}
	for _, past := range i.Status().Events {
		if past.Kind == "message" {
			t.Error("a message stands in the history")
		}
	}
}

// An app that sends without a pause cuts off nobody: not even a follower who
// reads nothing.
func TestFloodOfMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sub := r.Subscribe()
	defer sub.Close()
	var all []*Instance
	s := r.app("app", `i=0; while [ $i -lt 2000 ]; do echo "$i" >&3; i=$((i+1)); done; echo up; read x`, func(s *spec.Spec) {
		s.IPC, s.MergeLogs, s.Instances = true, false, 12
	})
	for _, i := range r.start(s) {
		all = append(all, i)
		r.line(s.LogPath(s.OutFile, i.Number), "up")
	}
	for range 5 {
		r.act(all[0], "reset")
	}
	resets, messages := 0, 0
	for resets < 5 {
		switch receive(t, sub.C).Kind {
		case "reset":
			resets++
		case "message":
			messages++
		}
	}
	if messages == 0 || messages > subscriberQueue/2 {
		t.Errorf("%d messages", messages)
	}
}

func TestMessageGate(t *testing.T) {
	t.Parallel()
	var g messageGate
	now := time.Unix(1000, 0)
	for n := range 3 * messageRoom {
		text, ok := g.pass(now, []byte("1"))
		if ok != (n < messageRoom) || ok && text != "1" {
			t.Fatalf("message %d: %q, %v", n, text, ok)
		}
	}
	if text, ok := g.pass(now.Add(time.Second), []byte("2")); !ok || text != "(40 left out) 2" {
		t.Errorf("a second later: %q, %v", text, ok)
	}
	if text, ok := g.pass(now.Add(time.Second), []byte("3")); !ok || text != "3" {
		t.Errorf("the next: %q, %v", text, ok)
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", messageText)
	for in, want := range map[string]string{
		"{\"a\":\t1}\r":           `{"a": 1} `,
		"\"\u009b2J\x7f\"":        `" 2J "`,
		"\"\u202eevil\u2066\"":    "\"\uFFFDevil\uFFFD\"",
		long:                      long[:messageText] + "…",
		"x" + long:                "x" + long[:messageText-2] + "…",
		long[:messageText]:        long[:messageText],
		strings.Repeat("\x1b", 5): "     ",
	} {
		if got := oneLine([]byte(in)); got != want || !utf8.ValidString(got) {
			t.Errorf("%.40q: %.40q (%d), want %.40q (%d)", in, got, len(got), want, len(want))
		}
	}
}
