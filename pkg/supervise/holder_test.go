package supervise

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// holder is a keeper within the test, which keeps the same books as hub-keeper.
// When the test is over nothing may be left with it.
type holder struct {
	testing.TB
	mu       sync.Mutex // guards the fields below
	held     map[string]*keeper.Held
	reports  uint64
	recorded []uint64 // acknowledged, in order
}

func newHolder(t testing.TB) *holder {
	k := &holder{TB: t, held: make(map[string]*keeper.Held)}
	t.Cleanup(func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		for key, h := range k.held {
			t.Errorf("the keeper still holds %s: %+v", key, *h)
			for _, f := range h.Files {
				closeFD(f.FD)
			}
		}
	})
	return k
}

func (k *holder) Hold(key string, files ...keeper.File) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.held[key]
	if h == nil {
		h = &keeper.Held{Key: key}
		k.held[key] = h
	}
	for _, f := range files {
		dropFile(h, f.Name)
		h.Files = append(h.Files, keeper.File{Name: f.Name, FD: k.duplicate(f.FD)})
	}
}

func (k *holder) duplicate(fd int) int {
	fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		k.Errorf("a descriptor that is held: %v", err)
	}
	return fd
}

func (k *holder) Forked(key string, pid, pidfd int) {
	k.Hold(key, keeper.File{Name: keeper.PidFD, FD: pidfd})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held[key].PID, k.held[key].Reaped = pid, false
}

func (k *holder) Reaped(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if h := k.held[key]; h != nil {
		k.reaped(h)
	}
}

func (k *holder) reaped(h *keeper.Held) {
	h.PID, h.Exit, h.Reaped = 0, nil, true
	dropFile(h, keeper.PidFD)
	k.forgetIfEmpty(h)
}

func (k *holder) Recorded(report uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.recorded = append(k.recorded, report)
	for _, h := range k.held {
		if h.Exit != nil && h.Exit.Report == report {
			k.reaped(h)
		}
	}
}

func (k *holder) Release(key string, names ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.held[key]
	if h == nil {
		return
	}
	if len(names) == 0 {
		h.PID, h.Exit, h.Reaped = 0, nil, true
		names = []string{keeper.Out, keeper.Err, keeper.Channel, keeper.Notify, keeper.PidFD}
	}
	for _, name := range names {
		dropFile(h, name)
	}
	k.forgetIfEmpty(h)
}

func (k *holder) forgetIfEmpty(h *keeper.Held) {
	if len(h.Files) == 0 && h.Reaped {
		delete(k.held, h.Key)
	}
}

// dropFile closes a file.
func dropFile(h *keeper.Held, name string) {
	if fd := takeFile(h, name); fd >= 0 {
		closeFD(fd)
	}
	h.Files = slices.DeleteFunc(h.Files, func(f keeper.File) bool { return f.FD < 0 })
}

// hand returns what is held, as the next daemon is born with it.
func (k *holder) hand() (list []keeper.Held) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, h := range k.held {
		one := *h
		one.Files = nil
		for _, f := range h.Files {
			one.Files = append(one.Files, keeper.File{Name: f.Name, FD: k.duplicate(f.FD)})
		}
		list = append(list, one)
	}
	return list
}

// reap waits for the end of a launch's main process, reaps it as the keeper does,
// and returns the report.
func (k *holder) reap(key string) keeper.Exit {
	k.Helper()
	k.mu.Lock()
	pid := k.held[key].PID
	k.mu.Unlock()
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			k.Fatalf("reap %d: %v", pid, err)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reports++
	e := keeper.Exit{Report: k.reports, Status: uint32(status)}
	k.held[key].Exit = &e
	return e
}

// forget makes it as if a launch's fork had not been announced.
func (k *holder) forget(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.held[key]
	h.PID, h.Reaped = 0, false
	dropFile(h, keeper.PidFD)
}

// acknowledged reports whether a report needs no repetition.
func (k *holder) acknowledged(report uint64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Contains(k.recorded, report)
}

// names are the files that are held of a launch, "" if it is not known.
func (k *holder) names(key string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.held[key]
	if h == nil {
		return ""
	}
	return fileNames(*h)
}

func fileNames(h keeper.Held) string {
	var names []string
	for _, f := range h.Files {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
