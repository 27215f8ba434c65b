package stats

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

// MarkVariable is the environment variable that names the instance a process was
// started for. Children inherit it, also those that leave session and parent
// (fork, setsid, fork), which nothing else tells apart.
const MarkVariable = "HUB_INSTANCE"

// settled is the age from which a process without a mark is believed. Before,
// it may be a child that has not reached its exec, and shows the environment of
// its parent.
const settled = 2 * time.Second

// identity names one process of this boot.
type identity struct {
	pid   int32
	start uint64
}

// marks remembers what environments said: each is read once in a process's life.
type marks struct {
	mu    sync.Mutex
	proc  procfs
	known map[identity]string // "" for a process without
}

// Mark returns the value of MarkVariable in the environment that p was started
// with, "" if there is none or it may not be read (another user's process, when
// we are not root).
func (s *Scanner) Mark(p Proc) string { return s.marks.of(p) }

// Marked returns the processes of snap whose mark begins with prefix. It reads
// the environments of all processes that it has not seen before.
func (s *Scanner) Marked(snap *Snapshot, prefix string) []Proc {
	var found []Proc
	for p := range snap.All() {
		if mark := s.marks.of(p); mark != "" && strings.HasPrefix(mark, prefix) {
			found = append(found, p)
		}
	}
	return found
}

func (m *marks) of(p Proc) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := identity{p.PID, p.Start}
	if mark, ok := m.known[id]; ok {
		return mark
	}
	if p.Dead() { // its environment is gone
		return ""
	}
	environ, err := m.proc.file(p.PID, "environ") // unreadable is unmarked
	mark := variable(environ, MarkVariable)
	if mark != "" || ours(err) == nil && uptime()-ticks(p.Start) >= settled {
		m.known[id] = mark
	}
	return mark
}

// keep forgets processes that snap doesn't show.
func (m *marks) keep(snap *Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range m.known {
		if p, ok := snap.Proc(int(id.pid)); !ok || p.Start != id.start {
			delete(m.known, id)
		}
	}
	m.proc.content = nil // an environment may have had megabytes
}

// variable finds name in the NUL-separated text of /proc/PID/environ.
func variable(environ []byte, name string) string {
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if rest, ok := bytes.CutPrefix(entry, []byte(name)); ok && len(rest) > 0 && rest[0] == '=' {
			return string(rest[1:])
		}
	}
	return ""
}
