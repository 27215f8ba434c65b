package stats

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
)

// HostStats are the figures of the whole machine.
type HostStats struct {
	CPU                  float64 // per cent of all cores together, 0–100
	MemTotal, MemUsed    uint64  // bytes; used is what is not available to new programs
	Load1, Load5, Load15 float64 // getloadavg(3)
}

// MemPercent is the used share of the memory, 0–100.
func (h HostStats) MemPercent() float64 {
	if h.MemTotal == 0 {
		return 0
	}
	return 100 * float64(h.MemUsed) / float64(h.MemTotal)
}

// Host measures the machine. The zero value is ready for use, by any number of
// goroutines.
type Host struct {
	mu    sync.Mutex
	at    time.Time
	times cpu.TimesStat // at that time
	stats HostStats
}

// Stats reads three files of /proc and waits for nothing: the use of the cores
// is that since the previous reading, at the first call since boot. A call
// within 500 ms gets the figures of the last reading. When a file can't be read
// the other figures are there all the same, together with the error.
func (h *Host) Stats(ctx context.Context) (HostStats, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) < minWindow {
		return h.stats, nil
	}
	h.at = time.Now()
	err := errors.Join(h.readCPU(ctx), h.readMemory(ctx), h.readLoad(ctx))
	if err != nil {
		return h.stats, fmt.Errorf("host figures: %w", err)
	}
	return h.stats, nil
}

func (h *Host) readCPU(ctx context.Context) error {
	all, err := cpu.TimesWithContext(ctx, false)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("no line cpu in /proc/stat")
	}
	h.stats.CPU = busyPercent(h.times, all[0])
	h.times = all[0]
	return nil
}

// busyPercent is the part of the time between two readings in which the cores
// had work. Guest time is contained in user time (proc_stat(5)).
func busyPercent(before, after cpu.TimesStat) float64 {
	idle := func(t cpu.TimesStat) float64 { return t.Idle + t.Iowait }
	total := func(t cpu.TimesStat) float64 {
		return t.User + t.Nice + t.System + t.Irq + t.Softirq + t.Steal + idle(t)
	}
	passed := total(after) - total(before)
	if passed <= 0 {
		return 0
	}
	busy := 1 - (idle(after)-idle(before))/passed
	return 100 * min(max(busy, 0), 1) // iowait may go back
}

func (h *Host) readMemory(ctx context.Context) error {
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return err
	}
	h.stats.MemTotal = memory.Total
	h.stats.MemUsed = memory.Total - min(memory.Available, memory.Total)
	return nil
}

func (h *Host) readLoad(ctx context.Context) error {
	average, err := load.AvgWithContext(ctx)
	if err != nil {
		return err
	}
	h.stats.Load1, h.stats.Load5, h.stats.Load15 = average.Load1, average.Load5, average.Load15
	return nil
}
