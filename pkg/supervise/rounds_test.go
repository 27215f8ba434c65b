package supervise

import "testing"

// The daemon looks at the processes by itself a while after a launch, and goes on
// as long as an app has children.
func TestRounds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	due := func() bool {
		r.rounds.mu.Lock()
		defer r.rounds.mu.Unlock()
		return r.rounds.due
	}
	round := func() bool {
		t.Helper()
		if _, err := r.census(t.Context()); err != nil { // not of before the launch
			t.Fatal(err)
		}
		r.round()
		return due()
	}
	if due() {
		t.Error("a look without a launch")
	}
	r.one(r.app("lonely", idle))
	if !due() {
		t.Error("no look after a launch")
	}
	if round() {
		t.Error("looks go on without children")
	}
	i := r.one(r.app("parent", "sleep 1000 & echo up; read x"))
	if !round() {
		t.Error("looks don't go on with a child")
	}
	r.act(i, "delete")
	if round() {
		t.Error("looks go on after the child's end")
	}
	r.rounds.stop()
	r.lookLater()
	if due() {
		t.Error("a look after the end")
	}
}
