package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leadmaster/hub/pkg/spec"
)

// What must be on record is there before it matters: the launch before the
// fork, the process after it, its end while the zombie still holds the pid.
func TestRecords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var mu sync.Mutex // the watch runs on a goroutine of its own
	var pid, zombies, marked int
	r.ledger.watch = func(rec Record) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case rec.State == Launching && rec.Process == nil:
			marked += len(r.marked(rec.UUID))
		case rec.Process != nil:
			pid = rec.Process.PID
		case pid != 0 && rec.Exit != nil:
			if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && strings.Contains(string(stat), ") Z ") {
				zombies++
			}
			pid = 0
		}
	}
	s := r.app("app", idle, func(s *spec.Spec) { s.IPC, s.Notify = true, true })
	i := r.one(s)
	st := i.Status()
	fds := descriptorsOf(t, st.PID)
	r.act(i, "restart")
	r.act(i, "delete")

	mu.Lock()
	defer mu.Unlock()
	if marked > 0 {
		t.Error("there was a process before its launch was on record")
	}
	if zombies != 2 {
		t.Errorf("of 2 ends %d were on record before the zombie was reaped", zombies)
	}
	records := r.ledger.all()
	stages := slices.IndexFunc(records, func(r Record) bool { return r.Process != nil })
	if stages < 1 {
		t.Fatalf("the first records are %+v", records)
	}
	before, after := records[0], records[stages]
	if before.State != Launching || before.Generation != 1 || before.Want != Up || before.Spec == "" || before.BaseEnv == "" {
		t.Errorf("before the fork: %+v", before)
	}
	if p := after.Process; p.PID != st.PID || p.Start != st.started || p.Boot != r.Boot {
		t.Errorf("after the fork: process %+v", p)
	}
	for n, inode := range after.Pipes {
		if fds[n].link != fmt.Sprintf("pipe:[%d]", inode) {
			t.Errorf("descriptor %d is %s, on record %d", n, fds[n].link, inode)
		}
	}
	if after.Channel != 3 || after.ChannelCopy != 4 || after.Notify != filepath.Join(r.RunDir, i.UUID+".1.notify") {
		t.Errorf("wires on record: %+v", after)
	}
	if text := r.ledger.content[after.Spec]; !strings.Contains(text, `"name":"app"`) {
		t.Errorf("the spec on record is %s", text)
	}
	if last := records[len(records)-1]; last.Process != nil || last.Want != Gone {
		t.Errorf("the last record: %+v", last)
	}
	if !slices.Equal(r.ledger.removed, []string{i.UUID}) {
		t.Errorf("removed: %v", r.ledger.removed)
	}
}

// Without a disk an app is supervised on. That is said once, and so is the end
// of it.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ledger.fail(errors.New("disk on fire"))
	i := r.one(r.app("app", idle))
	for range 3 {
		r.act(i, "restart")
	}
	r.act(i, "stop")
	if n := r.journal.count("disk on fire"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
	r.ledger.fail(nil)
	r.act(i, "start")
	if n := r.journal.count("state is saved again"); n != 1 {
		t.Errorf("the end of it was logged %d times", n)
	}
	if st := i.Status(); st.State != Online || st.Restarts != 3 {
		t.Errorf("the app is %s after %d restarts", st.State, st.Restarts)
	}
}

// Whatever is on disk at a kill names content that is there.
func TestRecordNamesWhatIsStored(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var bad []string
	r.ledger.watch = func(Record) { // with the ledger's lock
		if n := len(r.ledger.records); n > 0 {
			for _, hash := range []string{r.ledger.records[n-1].Spec, r.ledger.records[n-1].BaseEnv} {
				if slices.Contains(r.ledger.released, hash) {
					bad = append(bad, hash)
				}
			}
		}
	}
	i := r.one(r.app("app", idle))
	r.start(r.app("app", idle, func(s *spec.Spec) { s.Args = []string{"other"} }))
	r.request(Request{Spec: r.app("app", idle), Base: base("A=1"), UpdateEnv: true, Existing: Restart, Cause: "test"})
	r.act(i, "stop")
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	if len(bad) > 0 {
		t.Errorf("released while the record on disk named it: %v", bad)
	}
	last := r.ledger.records[len(r.ledger.records)-1]
	if n := len(r.ledger.content) - len(r.ledger.released); n != 2 {
		t.Errorf("%d contents are held, %v released; the record is %+v", n, r.ledger.released, last)
	}
}

// Without room for content a record keeps the spec that it had: one without would
// make the next daemon forget the app.
func TestRecordWithoutRoomForContent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle))
	before := r.ledger.all()
	r.ledger.mu.Lock()
	r.ledger.full = true
	r.ledger.mu.Unlock()
	r.start(r.app("app", idle, func(s *spec.Spec) { s.Args = []string{"other"} }))
	last := r.ledger.all()[len(r.ledger.all())-1]
	if err := last.Check(i.UUID); err != nil || last.Spec != before[len(before)-1].Spec || last.Process == nil || last.Process.PID != i.Status().PID {
		t.Errorf("record %+v: %v", last, err)
	}
	if r.Unsaved() == "" {
		t.Error("nothing says that the settings are not saved")
	}
}
