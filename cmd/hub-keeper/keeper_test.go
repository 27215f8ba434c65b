package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What daemons have launched ends with the code that it has to, is reported, and
// leaves neither a zombie nor a descriptor, however often daemons are killed.
func TestKilledDaemons(t *testing.T) {
	t.Parallel()
	killDaemons(t, "launch", 50)
}

// Nor does it matter if the keeper is replaced all the time.
func TestRenewal(t *testing.T) {
	t.Parallel()
	killDaemons(t, "renew", 10)
}

func killDaemons(t *testing.T, behaviour string, kills int) {
	s := start(t, behaviour, "--pause-ms", "1", "--health-ms", "300")
	seen := newRecords(t)
	for range kills {
		pid := seen.until(s, "up ")
		// A moment that depends on how far the daemon has got.
		for range rand.IntN(40) {
			seen.until(s, "")
		}
		s.kill(pid, syscall.SIGKILL)
	}
	seen.until(s, "launched ")
	s.signal(syscall.SIGTERM)
	quiet := seen.until(s, "quiet ")
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.cmd.Process.Pid)); err != nil ||
		bytes.Contains(line, []byte("--kept\x003\x00")) == (behaviour == "renew") { // the first keeper's
		t.Errorf("the keeper was started as %q (%v)", line, err)
	}
	// What is left is the pidfd of the daemon.
	s.eventually("descriptors are leaked", func() bool { return len(s.descriptors()) == 1 }, s.descriptors)
	if c := childrenOf(s.cmd.Process.Pid); len(c) != 1 || c[0] != fmt.Sprint(quiet) {
		t.Errorf("the keeper's children are %v, want only %d", c, quiet)
	}
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 3 {
		t.Errorf("the keeper ended with %d, the daemon with 3", code)
	}
	seen.check()
}

// records is what daemons have recorded, the first of each launch.
type records struct {
	t       *testing.T
	status  map[string]int
	reports map[int]string
	ran     map[string]bool
	never   map[string]bool
}

func newRecords(t *testing.T) *records {
	return &records{t: t, status: map[string]int{}, reports: map[int]string{}, ran: map[string]bool{}, never: map[string]bool{}}
}

// until takes lines up to one with the prefix, and returns the number behind it.
func (r *records) until(s *started, prefix string) int {
	r.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				<-s.ended
				r.t.Fatalf("all ended before %q: the keeper %v", prefix, s.cmd.ProcessState)
			}
			r.take(line)
			if rest, found := strings.CutPrefix(line, prefix); found {
				n := 0
				_, _ = fmt.Sscan(rest, &n)
				return n
			}
		case <-deadline:
			r.t.Fatalf("nobody said %q", prefix)
		}
	}
}

func (r *records) take(line string) {
	var key string
	var status, report int
	if n, _ := fmt.Sscanf(line, "exit %s %d report %d", &key, &status, &report); n >= 2 {
		if first, ok := r.status[key]; ok && first != status {
			r.t.Errorf("%s ended with %#x and with %#x", key, first, status)
		}
		r.status[key] = status
		if n == 3 {
			if other, ok := r.reports[report]; ok && other != key {
				r.t.Errorf("report %d is of %s and of %s", report, other, key)
			}
			r.reports[report] = key
		}
		return
	}
	if key, ok := strings.CutPrefix(line, "ran "); ok {
		if r.ran[key] {
			r.t.Errorf("%s ran twice", key)
		}
		r.ran[key] = true
	}
	if key, ok := strings.CutPrefix(line, "never "); ok {
		r.never[key] = true
	}
}

func (r *records) check() {
	r.t.Helper()
	twice := make(map[string]int)
	for report, key := range r.reports {
		if other, ok := twice[key]; ok {
			r.t.Errorf("%s is in the reports %d and %d", key, other, report)
		}
		twice[key] = report
	}
	for key := range r.ran {
		status, ok := r.status[key]
		switch {
		case !ok:
			r.t.Errorf("%s ran and its end is unknown (given up: %v)", key, r.never[key])
		case status != codeOf(key)<<8:
			r.t.Errorf("%s ended with %#x, want code %d", key, status, codeOf(key))
		}
	}
	r.t.Logf("%d launches ran, %d of them reported by the keeper, %d were never forked", len(r.ran), len(r.reports), len(r.never))
}
