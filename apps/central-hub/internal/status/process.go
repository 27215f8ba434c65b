package status

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// window is how far back the use of CPUs is averaged, so that one spike does not
	// make the hub unhealthy.
	window = 30 * time.Second
	// tick is how often the time on CPUs is noted: seldom, so that an idle hub sleeps. The
	// average goes back further than window by less than that.
	tick = 5 * time.Second
)

// Process measures the process that it runs in. It is safe for concurrent use.
type Process struct {
	now   func() time.Time
	spent func() (time.Duration, error)
	cores int

	mu sync.Mutex
	// noted are from old to new: one that is as old as window, and those after it.
	noted []reading
}

// reading is how much time the process had spent on CPUs at an instant.
type reading struct {
	at    time.Time
	spent time.Duration
}

// NewProcess returns the measures of this process, by the clock now. Run is to be
// started beside it.
func NewProcess(now func() time.Time) *Process {
	return newProcess(now, cpuTime, runtime.NumCPU())
}

func newProcess(now func() time.Time, spent func() (time.Duration, error), cores int) *Process {
	p := &Process{now: now, spent: spent, cores: cores}
	_ = p.note()
	return p
}

// Run notes the time on CPUs until ctx ends. Without it CPU averages over the whole time
// since the Process was made.
func (p *Process) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// An error shows where somebody asks for the figure.
			_ = p.note()
		}
	}
}

func (p *Process) note() error {
	spent, err := p.spent()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	for len(p.noted) > 1 && now.Sub(p.noted[1].at) >= window {
		p.noted = p.noted[1:]
	}
	p.noted = append(p.noted, reading{now, spent})
	return nil
}

// CPU returns how much of all cores the process has used in the last 30 seconds, in
// percent. Before its start it was idle, so that what starting takes is no alarm.
func (p *Process) CPU() (float64, error) {
	spent, err := p.spent()
	if err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	now := p.now()
	since := p.since(now)
	return float64(100*(spent-since.spent)) / float64(now.Sub(since.at)*time.Duration(p.cores)), nil
}

// since returns the newest reading that is old enough.
func (p *Process) since(now time.Time) reading {
	p.mu.Lock()
	defer p.mu.Unlock()
	since := reading{at: now.Add(-window)}
	for _, r := range p.noted {
		if now.Sub(r.at) >= window {
			since = r
		}
	}
	return since
}

// cpuTime is from getrusage(2).
func cpuTime() (time.Duration, error) {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return 0, err
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), nil
}

// Memory returns the resident set in bytes, as the process manager counts it.
func (p *Process) Memory() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	return resident(text, os.Getpagesize())
}

// resident reads the second field of statm, pages (proc_pid_statm(5)).
func resident(statm []byte, page int) (int64, error) {
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/self/statm: %q has no second field", statm)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc/self/statm: %w", err)
	}
	return pages * int64(page), nil
}
