package supervise

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
)

// What describe shows is the same after an adoption: the last events and the
// app's own status.
func TestPastIsKept(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kept(t, func(r *rig) {
		script := "echo up; " + childMode + `="status warming up" ` + self + "; read x"
		s := r.app("app", script, func(s *spec.Spec) { s.Notify = true })
		i := r.one(s)
		r.act(i, "restart")
		i.sawMemory(123 << 20)
		r.recorded(i.UUID, func(rec Record) bool { return rec.Status == "warming up" && rec.Generation == 2 })
		before := i.Status()
		r.die()
		n := r.next()
		st := n.only().Status()
		if st.AppStatus != "warming up" {
			r.Errorf("its status is %q", st.AppStatus)
		}
		if got := n.only().MemoryPeak(); got < 123<<20 {
			r.Errorf("its peak is %d", got)
		}
		all := append(kinds(before.Events), "adopted")
		if got := kinds(st.Events); !slices.Equal(got, all) {
			r.Errorf("events %v, before %v", got, all)
		}
		for n, e := range before.Events {
			got := st.Events[n]
			if d := got.Time.Sub(e.Time).Abs(); d > time.Millisecond {
				r.Errorf("event %d was at %v, is at %v", n, e.Time, got.Time)
			}
			got.Time = e.Time
			if got != e {
				r.Errorf("event %d is %+v, was %+v", n, got, e)
			}
		}
	})
}

// However much there is to say, a record stays within the page that is written in
// place.
func TestRecordFitsItsPage(t *testing.T) {
	t.Parallel()
	for _, reason := range []int{0, 20, 60, 100, 300, 1000, 5000} {
		var history []Event
		for range historyLength {
			history = append(history, Event{Time: time.Now(), Kind: "waiting restart", State: Waiting, PID: 4194304, Reason: strings.Repeat("x", reason)})
		}
		l := RecordedLaunch{
			Process: &proc.Identity{PID: 4194304, Start: 1 << 40, Boot: NewUUID()}, Pipes: [3]uint64{1 << 32, 1 << 32, 1 << 32}, Channel: 3, ChannelCopy: 4,
			Notify: "/run/user/1000/hub-" + NewUUID() + "/" + NewUUID() + ".1000.notify", Signalled: true, LaunchedAt: time.Now(),
			Status: strings.Repeat("y", min(reason, pastRoom/2)),
		}
		r := &Record{
			Version: 1, UUID: NewUUID(), ID: 1000, Instance: 1000, Name: strings.Repeat("n", 64), Spec: strings.Repeat("f", 32), Next: strings.Repeat("f", 32),
			BaseEnv: strings.Repeat("f", 32), Want: Down, State: Waiting, Generation: 10000, Launches: 10000, RecordedLaunch: l,
			CreatedAt: time.Now(), Restarts: 10000, Unstable: 10000, Backoff: time.Hour, NotReady: true, Due: &l.LaunchedAt,
			Exit: &proc.Exit{Signal: 11, Core: true}, LastEnd: "killed by SIGSEGV (core dumped)", MemoryPeak: 1 << 40,
		}
		r.Events = past(history, pastRoom-len(r.Status)-len(r.LastEnd))
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) >= 4096 {
			t.Errorf("with reasons of %d bytes: %d bytes", reason, len(data))
		}
		if want := reason <= 1000-300; (len(r.Events) > 0) != want {
			t.Errorf("with reasons of %d bytes: %d events", reason, len(r.Events))
		}
	}
}

// BenchmarkRecord is what a record costs the instance that has a long history,
// without the disk.
func BenchmarkRecord(b *testing.B) {
	r := newRig(b)
	i := r.hold("app", "default", 1)[0]
	for range historyLength {
		i.history = append(i.history, i.event(note{kind: "exit", reason: "exited with code 1 after 12.345s"}))
	}
	b.ReportAllocs()
	for b.Loop() {
		rec := i.machine.record(i.content.hash)
		rec.Events = past(i.history, pastRoom)
		if _, err := json.Marshal(rec); err != nil {
			b.Fatal(err)
		}
	}
}
