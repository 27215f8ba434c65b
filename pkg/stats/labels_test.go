package stats

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestLabels(t *testing.T) {
	t.Parallel()
	snap := newSnapshot(time.Now(), 0, []Proc{
		{PID: 1, SID: 1},
		{PID: 10, PPID: 1, SID: 10},   // labelled 1
		{PID: 11, PPID: 10, SID: 10},  // its child
		{PID: 12, PPID: 11, SID: 12},  // its child's child, in a session of its own
		{PID: 13, PPID: 1, SID: 12},   // of that session, without a parent
		{PID: 14, PPID: 1, SID: 14},   // orphan: 2
		{PID: 15, PPID: 14, SID: 14},  // its child
		{PID: 20, PPID: 10, SID: 20},  // barred
		{PID: 21, PPID: 20, SID: 21},  // its child
		{PID: 22, PPID: 20, SID: 22},  // its child, labelled 3
		{PID: 23, PPID: 20, SID: 10},  // its child, in another's session
		{PID: 30, PPID: 31, SID: 32},  // a circle
		{PID: 31, PPID: 30, SID: 31},  // of parents
		{PID: 40, PPID: 99, SID: 98},  // neither parent nor leader is there
		{PID: 41, PPID: 10, SID: 12},  // its parent says it, not the session
		{PID: 50, PPID: 1, SID: 50},   // a child of 51
		{PID: 51, PPID: 100, SID: 51}, // labelled by its parent, which comes later
		{PID: 100, PPID: 1, SID: 100}, // labelled 4
	})
	asked := ""
	labels := snap.Labels(
		func(p Proc) int32 { return map[int32]int32{10: 1, 20: -7, 22: 3, 100: 4}[p.PID] },
		func(p Proc) int32 {
			asked += fmt.Sprint(p.PID, " ")
			return map[int32]int32{14: 2, 20: 5}[p.PID]
		})
	var got strings.Builder
	for p := range snap.All() {
		if n := labels.Of(p); n != 0 {
			fmt.Fprintf(&got, "%d:%d ", p.PID, n)
		}
	}
	if want := "10:1 11:1 12:1 13:1 14:2 15:2 22:3 23:1 41:1 51:4 100:4 "; got.String() != want {
		t.Errorf("labels %s\n  want %s", &got, want)
	}
	if want := "1 13 14 21 23 31 30 40 50 "; asked != want {
		t.Errorf("orphans %s\n   want %s", asked, want)
	}
	if n := labels.Of(Proc{PID: 999}); n != 0 {
		t.Errorf("a stranger has label %d", n)
	}
}

func BenchmarkLabels1000(b *testing.B) {
	snap := newSnapshot(time.Time{}, 0, thousand())
	none := func(Proc) int32 { return 0 }
	b.ReportAllocs()
	for b.Loop() {
		snap.Labels(none, none)
	}
}
