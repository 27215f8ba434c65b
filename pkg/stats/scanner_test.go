package stats

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

func TestScanFindsOurselves(t *testing.T) {
	t.Parallel()
	snap := scan(t, NewScanner())
	p, ok := snap.Proc(os.Getpid())
	if !ok || int(p.PPID) != os.Getppid() {
		t.Errorf("own process: %+v, %t", p, ok)
	}
	if age := time.Since(snap.StartedAt(p)); age < -20*time.Millisecond || age > time.Hour {
		t.Errorf("we were started %v ago", age)
	}
}

func TestScanFailsWithoutProc(t *testing.T) {
	t.Parallel()
	s := newScanner(filepath.Join(t.TempDir(), "none"))
	if _, err := s.Scan(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Scan = %v", err)
	}
}

func TestOnlyOurOwnErrorsFailAPass(t *testing.T) {
	t.Parallel()
	for err, fails := range map[error]bool{
		unix.ENOENT: false, unix.ESRCH: false, unix.EACCES: false, unix.EPERM: false, unix.EIO: false,
		unix.EMFILE: true, unix.ENFILE: true, unix.ENOMEM: true,
	} {
		if got := ours(err) != nil; got != fails {
			t.Errorf("%v fails the pass: %t", err, got)
		}
	}
}

// counted gives passes that take a second each and are numbered.
func counted() (p *passes, begun *int) {
	begun = new(int)
	return &passes{run: func() (*Snapshot, error) {
		*begun++
		n := *begun
		at := time.Now()
		time.Sleep(time.Second) // the bubble's clock, not ours
		return newSnapshot(at, 0, []Proc{{PID: int32(n)}}), nil
	}}, begun
}

func TestCallersShareTheNextPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, begun := counted()
		var callers sync.WaitGroup
		call := func() {
			callers.Go(func() {
				asked := time.Now()
				snap, err := p.fresh(t.Context())
				if err != nil || snap.At.Before(asked) {
					t.Errorf("asked at %v, got a pass of %v, %v", asked, snap.At, err)
				}
			})
		}
		call()
		synctest.Wait() // the first pass has begun
		for range 100 {
			call()
		}
		callers.Wait()
		if *begun != 2 {
			t.Errorf("%d passes for 101 callers, want 2", *begun)
		}
		synctest.Wait()
		if p.running || p.next != nil {
			t.Error("the worker has not ended")
		}
	})
}

func TestRecentSnapshotIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, begun := counted()
		get := func() int {
			snap, err := p.recent(t.Context(), 1500*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			return int(snap.procs[0].PID)
		}
		if a, b := get(), get(); a != 1 || b != 1 {
			t.Errorf("passes %d, %d, want 1 twice", a, b)
		}
		time.Sleep(time.Second) // now the snapshot is 2 s old
		if got := get(); got != 2 || *begun != 2 {
			t.Errorf("pass %d of %d, want 2", got, *begun)
		}
	})
}

func TestCallerMayGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _ := counted()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := p.fresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("fresh = %v", err)
		}
		if _, err := p.fresh(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestFailedPassIsNotKept(t *testing.T) {
	t.Parallel()
	fail := errors.New("no descriptors")
	p := &passes{run: func() (*Snapshot, error) {
		err := fail
		fail = nil
		return newSnapshot(time.Now(), 0, nil), err
	}}
	if _, err := p.recent(t.Context(), time.Hour); err == nil {
		t.Error("the failure was hidden")
	}
	if _, err := p.recent(t.Context(), time.Hour); err != nil {
		t.Errorf("the failure came twice: %v", err)
	}
}

func BenchmarkPassOfProc(b *testing.B) { benchmarkPass(b, "/proc") }

func BenchmarkPassOf1000(b *testing.B) {
	root := b.TempDir()
	for _, p := range thousand() {
		dir := filepath.Join(root, fmt.Sprint(p.PID))
		line := fmt.Sprintf("%d (x) S %d 1 1 %s", p.PID, p.PPID, statTail)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(dir+"/stat", []byte(line), 0o600)); err != nil {
			b.Fatal(err)
		}
	}
	benchmarkPass(b, root)
}

func benchmarkPass(b *testing.B, root string) {
	s := newScanner(root)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.pass(); err != nil {
			b.Fatal(err)
		}
	}
}
