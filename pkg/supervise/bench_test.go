package supervise

import (
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
)

// BenchmarkMachine is one crash of a stable app and its restart, without what
// the effects cost.
func BenchmarkMachine(b *testing.B) {
	now := time.Now()
	m := newMachine(testSpec(), now)
	m.step(now, command{verb: verbStart})
	m.step(now, spawned{m.gen, 1000})
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Minute)
		m.step(now, exited{m.gen, proc.Exit{Code: 1}})
		if m.state == Waiting {
			m.step(now, expired{m.gen, timerRestart})
		}
		if m.state != Launching {
			b.Fatalf("%s after a crash", m.state)
		}
		m.step(now, spawned{m.gen, 1000})
	}
}

// BenchmarkPublish is what a change of state costs the instance that tells it.
func BenchmarkPublish(b *testing.B) {
	r := newRig(b)
	i := r.hold("app", "default", 1)[0]
	b.ReportAllocs()
	for b.Loop() {
		i.publish()
	}
}

// BenchmarkEvents hands an event to three followers.
func BenchmarkEvents(b *testing.B) {
	var followed bus
	var subs []*Subscription
	for range 3 {
		s := followed.subscribe()
		defer s.Close()
		subs = append(subs, s)
	}
	ev := Event{Name: "app", Kind: "exit", Reason: "exited with code 1"}
	b.ReportAllocs()
	for b.Loop() {
		followed.publish(ev)
		for _, s := range subs {
			<-s.C
		}
	}
}
