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

// settled is the age from which a process's environment is not read again. Before,
// it may be a child that has not reached its exec, and shows the environment of
// its parent, with a mark or without.
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
func (s *Scanner) Mark(p Proc) string {
	mark, _ := s.marks.of(p)
	return mark
}

// Settled is Mark, and whether p has one of its own: in the midst of execve(2) it
// shows no environment.
func (s *Scanner) Settled(p Proc) (mark string, settled bool) { return s.marks.of(p) }

// Marked returns the processes of snap whose mark begins with prefix. It reads
// the environments of all processes that it has not seen before. doubtful are those
// that may have such a mark as well: a young process shows no environment at all
// while it executes a program.
func (s *Scanner) Marked(snap *Snapshot, prefix string) (found, doubtful []Proc) {
	for p := range snap.All() {
		mark, known := s.marks.of(p)
		if mark != "" && strings.HasPrefix(mark, prefix) {
			found = append(found, p)
		}
		if !known {
			doubtful = append(doubtful, p)
		}
	}
	return found, doubtful
}

// of returns the mark of p, and whether that is known.
func (m *marks) of(p Proc) (mark string, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := identity{p.PID, p.Start}
	if mark, ok := m.known[id]; ok {
		return mark, true
	}
	if p.Dead() { // its environment is gone
		return "", true
	}
	environ, err := m.proc.file(p.PID, "environ") // unreadable is unmarked
	mark = variable(environ, MarkVariable)
	old := uptime()-ticks(p.Start) >= settled
	// None at all is what a process shows in the midst of execve(2), until the
	// new one is in place; and there are programs that really have none.
	none := err == nil && len(environ) == 0 && p.PPID != kthreadd
	if old && (mark != "" || ours(err) == nil && !none) {
		m.known[id] = mark
	}
	return mark, !none || old
}

// kthreadd is the parent of kernel threads, which have no environment.
const kthreadd = 2

// keep forgets processes that snap doesn't show.
func (m *marks) keep(snap *Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	forget(m.known, snap)
	m.proc.content = nil // an environment may have had megabytes
}

func forget(known map[identity]string, snap *Snapshot) {
	for id := range known {
		if p, ok := snap.Proc(int(id.pid)); !ok || p.Start != id.start {
			delete(known, id)
		}
	}
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
