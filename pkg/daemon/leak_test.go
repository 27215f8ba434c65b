package daemon

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/spec"
)

// Not parallel, so that only its own descriptors and children come and go.
func TestNothingIsLeft(t *testing.T) {
	serve(t).end() // what the run-time opens once for all
	before := settled(t, nil)
	for range 10 {
		r := serve(t)
		r.begin(r.app("app", idle, func(s *spec.Spec) { s.IPC, s.Notify, s.Instances = true, true, 2 }))
		f := r.connect()
		f.send(`{"method":"com.leadmaster.hub.Events","more":true}`)
		f.next(full("Events"))
		f.Close()
		r.end()
	}
	if after := settled(t, before); len(after) != len(before) {
		t.Errorf("open before: %v\nand after: %v", before, after)
	}
	if pids := ownChildren(t); len(pids) > 0 {
		t.Errorf("children are left: %v", pids)
	}
}

// What an app's life takes is given back: descriptors, goroutines, children. Not
// parallel, for the same reason.
func TestNothingLeaksOverLives(t *testing.T) {
	r := serve(t)
	r.begin(r.app("app", "", func(s *spec.Spec) {
		s.Interpreter, s.Script, s.Args = "none", "/bin/sleep", []string{"1000"}
		s.IPC, s.Notify = true, true
	}))
	r.act(api.ActionStop, "app")
	descriptors, goroutines := settled(t, nil), runtime.NumGoroutine()
	for range lives {
		r.act(api.ActionStart, "app")
		r.act(api.ActionStop, "app")
	}
	if after := settled(t, descriptors); len(after) != len(descriptors) {
		t.Errorf("open before: %v\nand after: %v", descriptors, after)
	}
	if pids := ownChildren(t); len(pids) > 0 {
		t.Errorf("children are left: %v", pids)
	}
	// Some end only when they are scheduled next.
	now := runtime.NumGoroutine()
	for until := time.Now().Add(deadline); now > goroutines && time.Now().Before(until); now = runtime.NumGoroutine() {
		runtime.Gosched()
	}
	if now > goroutines {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after\n%s", goroutines, now, stacks[:runtime.Stack(stacks, true)])
	}
}

// settled returns what is open when nothing has changed for a while, or when it
// is as much as is wanted: the loops close theirs only when they find that their
// daemon has ended.
func settled(t *testing.T, want []string) []string {
	t.Helper()
	last := openFiles(t)
	for until, same := time.Now().Add(deadline), 0; same < 500 && time.Now().Before(until); same++ {
		now := openFiles(t)
		if len(now) != len(last) {
			same = 0
		}
		if last = now; want != nil && len(now) == len(want) {
			break
		}
	}
	return last
}

func openFiles(t *testing.T) (links []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		link, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil { // the folder's own descriptor is closed by now
			links = append(links, link)
		}
	}
	return links
}

func ownChildren(t *testing.T) (pids []string) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		list, err := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
		if err == nil { // the thread may have ended
			pids = append(pids, strings.Fields(string(list))...)
		}
	}
	return pids
}
