package stats

import (
	"bytes"
	"sync"
)

// groups remembers the cgroups of processes: each is read once in a process's
// life. A process may be moved later, but what matters is where it was born.
type groups struct {
	mu    sync.Mutex
	proc  procfs
	known map[identity]string
}

// Group returns the path of p's cgroup of version 2 as /proc/PID/cgroup names it
// (cgroups(7)), "" if there is none or p is gone.
func (s *Scanner) Group(p Proc) string { return s.groups.of(p) }

func (g *groups) of(p Proc) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := identity{p.PID, p.Start}
	if path, ok := g.known[id]; ok {
		return path
	}
	if p.Dead() { // it is shown in the root
		return ""
	}
	text, err := g.proc.file(p.PID, "cgroup")
	if err != nil {
		return ""
	}
	path := unified(text)
	g.known[id] = path
	return path
}

// unified finds the line of cgroup v2, which has number 0 and no controllers.
func unified(text []byte) string {
	for line := range bytes.Lines(text) {
		if path, ok := bytes.CutPrefix(line, []byte("0::")); ok {
			return string(bytes.TrimSuffix(path, []byte("\n")))
		}
	}
	return ""
}

// keep forgets processes that snap doesn't show.
func (g *groups) keep(snap *Snapshot) {
	g.mu.Lock()
	defer g.mu.Unlock()
	forget(g.known, snap)
}
