package daemon

import (
	"os"
	"strings"
	"testing"
	"time"

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
