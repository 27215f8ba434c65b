package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/supervise"
)

// running says whether an instance of that status has a process.
func running(status string) bool {
	return slices.Contains([]string{api.StatusOnline, api.StatusLaunching, api.StatusStopping}, status)
}

// misfits compares the list with /proc: each instance that runs has its main
// process once, under the pid that the list says, and there is nothing else.
func (w *world) misfits() (found []string) {
	list, err := w.processes()
	if err != nil {
		return []string{err.Error()}
	}
	add := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	launches, instances := make(map[string]int), make(map[string]api.Process)
	for _, p := range list {
		instances[p.Hub.UUID] = p
		if running(p.PM2Env.Status) {
			launches[p.Hub.UUID+":"+strconv.Itoa(p.Hub.Generation)] = p.PID
		}
	}
	mains := make(map[int]bool)
	for _, l := range w.lives() {
		mains[l.PID] = mains[l.PID] || l.Main
	}
	alive := make(map[int]string)
	for _, p := range w.apps() {
		uuid, _, _ := strings.Cut(p.mark, ":")
		in, known := instances[uuid]
		pid, current := launches[p.mark]
		switch {
		case !known:
			add("%s belongs to no instance of the list", p)
		case !running(in.PM2Env.Status) && in.PM2Env.Status != api.StatusWaitingRestart:
			add("%s runs, but its app %s is %s", p, in.Name, in.PM2Env.Status)
		case mains[p.pid] && (!current || p.pid != pid):
			add("%s runs beside the process of %s, which is %d, generation %d", p, in.Name, in.PID, in.Hub.Generation)
		}
		alive[p.pid] = p.mark
	}
	for mark, pid := range launches {
		if alive[pid] != mark {
			add("launch %s has pid %d, which is %q", mark, pid, alive[pid])
		}
	}
	return found
}

// restless returns the instances that are between two states.
func (w *world) restless() (found []string) {
	list, err := w.processes()
	if err != nil {
		return []string{err.Error()}
	}
	for _, p := range list {
		if s := p.PM2Env.Status; s != api.StatusOnline && s != api.StatusStopped {
			found = append(found, fmt.Sprintf("%s %d is %s", p.Name, p.PMID, s))
		}
	}
	return found
}

// zombies are processes that ended and that daemon or keeper have not reaped.
func (w *world) zombies() (found []string) {
	var ours []int
	for _, p := range w.programs() {
		ours = append(ours, p.pid)
	}
	for _, p := range all() {
		if p.state == 'Z' && slices.Contains(ours, p.parent) {
			found = append(found, p.String())
		}
	}
	return found
}

// badRecords holds the run-time records against the list.
func (w *world) badRecords() (found []string) {
	list, err := w.processes()
	if err != nil {
		return []string{err.Error()}
	}
	files, err := filepath.Glob(filepath.Join(w.Home, "run", "*.json"))
	if err != nil {
		return []string{err.Error()}
	}
	if len(files) != len(list) {
		found = append(found, fmt.Sprintf("%d records of %d instances", len(files), len(list)))
	}
	for _, p := range list {
		var r supervise.Record
		data, err := os.ReadFile(filepath.Join(w.Home, "run", p.Hub.UUID+".json"))
		if err == nil {
			err = json.Unmarshal(data, &r)
		}
		if err == nil && (r.UUID != p.Hub.UUID || r.ID != p.PMID || r.Name != p.Name || r.Spec == "" || r.BaseEnv == "" ||
			r.Process != nil && r.Process.PID != p.PID) {
			err = fmt.Errorf("not as the list says: %s", data)
		}
		if err != nil {
			found = append(found, fmt.Sprintf("record of %s %d: %v", p.Name, p.PMID, err))
		}
	}
	return found
}

// descriptors counts what daemon and keeper hold, by program and kind.
func (w *world) descriptors() map[string]int {
	held := make(map[string]int)
	for _, p := range w.programs() {
		dir := fmt.Sprintf("/proc/%d/fd", p.pid)
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // it has just been replaced
		}
		for _, e := range entries {
			link, err := os.Readlink(filepath.Join(dir, e.Name()))
			if err != nil {
				continue
			}
			kind, _, _ := strings.Cut(link, "[") // pipe:[123], anon_inode:[pidfd]
			if strings.HasPrefix(link, "anon_inode") {
				kind = link
			}
			held[p.program+" "+kind]++
		}
	}
	return held
}

// leaked returns what is held beyond what was before.
func (w *world) leaked(before map[string]int) (found []string) {
	for what, n := range w.descriptors() {
		if n > before[what] {
			found = append(found, fmt.Sprintf("%s: %d, %d before", what, n, before[what]))
		}
	}
	slices.Sort(found)
	return found
}
