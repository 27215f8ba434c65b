package supervise

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
)

// adopt replaces the machine by that of another daemon, which knows only what is
// on record. It finds the processes as they were, unless how says otherwise:
// "unforked", "ended CODE", "lost" (its exit is unknown), "unreachable" (nobody
// knows), or "signalled", with the kill signal sent.
func (b *bench) adopt(t *testing.T, how ...string) {
	t.Helper()
	old := b.m
	data, err := json.Marshal(old.record(func(s *spec.Spec) string {
		if s == nil {
			return ""
		}
		return s.Name
	}))
	if err != nil {
		t.Fatal(err)
	}
	r := &Record{}
	if err := json.Unmarshal(data, r); err != nil {
		t.Fatal(err)
	}
	r.LaunchedAt = old.launchedAt
	b.m, b.timers = restoredMachine(r, old.spec, old.next), make(map[timerOf]armed)
	ev := adopted{gen: old.gen, pid: old.pid, forked: old.pid != 0}
	if r.Due != nil {
		ev.due = *r.Due
	}
	if old.state == Launching && old.pid == 0 {
		ev.pid, ev.forked = 100+old.gen, true // forked, and not yet on record
	}
	if len(how) > 0 {
		switch how[0] {
		case "unforked":
			ev.pid, ev.forked = 0, false
		case "ended":
			code, err := strconv.Atoi(how[1])
			if err != nil {
				t.Fatal(err)
			}
			ev.pid, ev.forked, ev.exit = 0, true, proc.Exit{Code: code}
		case "lost":
			ev.pid, ev.forked, ev.exit = 0, true, proc.Exit{Unknown: true}
		case "unreachable":
			ev.pid, ev.forked, ev.lost = 0, false, "too many open files"
		case "signalled":
			ev.signalled = true
		default:
			t.Fatalf("adopt %v", how)
		}
	}
	for _, o := range append([]*beside{old.candidate}, old.outgoing...) {
		if o != nil {
			left := *o
			left.killed = false
			ev.beside = append(ev.beside, adoptedBeside{&left, ev.signalled})
		}
	}
	b.step(ev)
}
