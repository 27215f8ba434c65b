package stats

import (
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	t.Parallel()
	began := time.Now()
	// at makes a snapshot d after the beginning, an hour after boot.
	at := func(d time.Duration, procs ...Proc) *Snapshot {
		return newSnapshot(began.Add(d), time.Hour+d, procs)
	}
	hour := uint64(time.Hour / ticks(1))
	proc := func(cpu uint64) Proc { return Proc{PID: 5, Start: hour - 1000, CPU: cpu} } // 10 s old at first
	other := Proc{PID: 6, Start: hour + 100, CPU: 50}

	var c CPU
	percent := func(s *Snapshot) float64 { return c.Percent(s, s.procs) }
	steps := []struct {
		name string
		snap *Snapshot
		want float64
	}{
		{"first: since its start", at(0, proc(250)), 25},
		{"too early for a window: still since its start", at(100*time.Millisecond, proc(250)), 24.8},
		{"since the previous one", at(2*time.Second, proc(350)), 50},
		{"the same snapshot again", at(2*time.Second, proc(350)), 50},
		{"a short window is joined to the one before", at(2100*time.Millisecond, proc(371)), 57.6},
		{"more than one core", at(4*time.Second, proc(750)), 200},
		{"a new process counts whole", at(6*time.Second, proc(750), other), 25},
		{"a reused number is a new process", at(8*time.Second, Proc{PID: 5, Start: hour + 700, CPU: 20}, other), 10},
		{"counters that go back", at(10*time.Second, Proc{PID: 5, Start: hour + 700, CPU: 10}, other), 0},
		{"older than the window", at(time.Second, proc(350)), 31.8},
	}
	for _, s := range steps {
		if got := percent(s.snap); got != s.want {
			t.Errorf("%s: %v, want %v", s.name, got, s.want)
		}
	}
}

func TestPercentOfProcessThatJustBegan(t *testing.T) {
	t.Parallel()
	now := uptime()
	p := Proc{PID: 1, Start: uint64(now/ticks(1)) + 1, CPU: 1}
	var c CPU
	if got := c.Percent(newSnapshot(time.Now(), now, []Proc{p}), []Proc{p}); got != 100 {
		t.Errorf("%v %%", got)
	}
}
