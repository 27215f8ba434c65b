package stats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Scanner makes snapshots of all processes. One is shared by all apps. It holds
// no descriptor and need not be closed.
type Scanner struct {
	passes passes
	marks  marks
	groups groups
	proc   procfs // the pass under way
	size   int    // of the last pass; the pass under way
}

// NewScanner makes a Scanner of /proc.
func NewScanner() *Scanner { return newScanner("/proc") }

func newScanner(root string) *Scanner {
	s := &Scanner{
		proc:   procfs{root: root},
		marks:  marks{proc: procfs{root: root}, known: make(map[identity]string)},
		groups: groups{proc: procfs{root: root}, known: make(map[identity]string)},
	}
	s.passes.run = s.pass
	return s
}

// Scan makes a pass that begins after the call, shared with all who call before
// it begins. The error is the context's or that /proc itself can't be read.
func (s *Scanner) Scan(ctx context.Context) (*Snapshot, error) {
	return s.passes.fresh(ctx)
}

// Recent returns the last snapshot if its pass began at most maxAge ago, else it
// is Scan. With 500 ms a list in a loop costs next to nothing.
func (s *Scanner) Recent(ctx context.Context, maxAge time.Duration) (*Snapshot, error) {
	return s.passes.recent(ctx, maxAge)
}

func (s *Scanner) pass() (*Snapshot, error) {
	at, up := time.Now(), uptime()
	procs := make([]Proc, 0, s.size+s.size/8+16)
	err := s.proc.pids(func(pid int32) error {
		line, err := s.proc.file(pid, "stat")
		if err != nil {
			return ours(err)
		}
		if p, ok := parseStat(line); ok {
			procs = append(procs, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.proc.root, err)
	}
	s.size = len(procs)
	snap := newSnapshot(at, up, procs)
	s.marks.keep(snap)
	s.groups.keep(snap)
	return snap, nil
}

// ours returns err if it says something about us and not about the process that
// was read, which may have vanished or be hidden. A pass that went on without
// descriptors would find that every tree is gone.
func ours(err error) error {
	for _, want := range []error{unix.EMFILE, unix.ENFILE, unix.ENOMEM} {
		if errors.Is(err, want) {
			return err
		}
	}
	return nil
}
