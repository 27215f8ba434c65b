package stats

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/shirou/gopsutil/v3/cpu"
)

func TestHostStats(t *testing.T) {
	t.Parallel()
	var h Host
	s, err := h.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.CPU <= 0 || s.CPU > 100 || s.MemTotal == 0 || s.MemUsed == 0 || s.MemUsed > s.MemTotal {
		t.Errorf("%+v", s)
	}
	if p := s.MemPercent(); p <= 0 || p > 100 {
		t.Errorf("MemPercent() = %v", p)
	}
	if again, err := h.Stats(t.Context()); err != nil || again != s {
		t.Errorf("at once again: %+v, %v, want the same", again, err)
	}
	if (HostStats{}).MemPercent() != 0 {
		t.Error("a machine without memory")
	}
}

func TestBusyPercent(t *testing.T) {
	t.Parallel()
	before := cpu.TimesStat{User: 10, Nice: 1, System: 5, Idle: 100, Iowait: 4}
	tests := map[string]struct {
		after cpu.TimesStat
		want  float64
	}{
		"idle":           {cpu.TimesStat{User: 10, Nice: 1, System: 5, Idle: 108, Iowait: 6}, 0},
		"half":           {cpu.TimesStat{User: 14, Nice: 1, System: 6, Idle: 105, Iowait: 4}, 50},
		"guest is user":  {cpu.TimesStat{User: 14, Guest: 4, Nice: 1, System: 6, Idle: 105, Iowait: 4}, 50},
		"stolen is busy": {cpu.TimesStat{User: 10, Nice: 1, System: 5, Idle: 105, Iowait: 4, Steal: 5}, 50},
		"no time passed": {before, 0},
		"iowait back":    {cpu.TimesStat{User: 12, Nice: 1, System: 5, Idle: 100, Iowait: 3}, 100},
	}
	for name, tt := range tests {
		if got := busyPercent(before, tt.after); got != tt.want {
			t.Errorf("%s: %v %%, want %v", name, got, tt.want)
		}
	}
}

func TestPSS(t *testing.T) {
	t.Parallel()
	proc := procfs{root: "testdata/proc"}
	if got, err := pss(&proc, 200); err != nil || got != 326<<10 {
		t.Errorf("recorded: %d, %v", got, err)
	}
	if _, err := pss(&proc, 201); err == nil || !strings.Contains(err.Error(), "process 201") {
		t.Errorf("without smaps_rollup: %v", err)
	}
	if got, err := PSS(os.Getpid()); err != nil || got < 1<<20 {
		t.Errorf("own process: %d bytes, %v", got, err)
	}
}

func TestBootID(t *testing.T) {
	t.Parallel()
	id, err := BootID()
	if err != nil || !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(id) {
		t.Errorf("BootID() = %q, %v", id, err)
	}
}
