package supervise

import (
	"sync"
	"time"
)

// roundPause is how long nobody has looked at the processes before the daemon
// does it by itself. A look remembers whose the processes are that would be
// nobody's if their parents ended.
const roundPause = 30 * time.Second

// rounds are looks that nobody has asked for. They go on as long as an app has
// more than its main process: without children there is nothing to remember.
type rounds struct {
	mu    sync.Mutex // guards the rest
	timer *time.Timer
	due   bool
	ended bool
}

// lookLater makes a look after a while, one for all who want that: who has
// launched an app, which may have got children until then.
func (s *Supervisor) lookLater() {
	r := &s.rounds
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due || r.ended {
		return
	}
	r.due = true
	if r.timer == nil {
		r.timer = time.AfterFunc(roundPause, s.round)
	} else {
		r.timer.Reset(roundPause)
	}
}

// round looks at the processes, unless somebody has done so lately.
func (s *Supervisor) round() {
	s.rounds.done()
	snap, err := s.Scanner.Recent(s.ctx, roundPause)
	if err != nil {
		if s.ctx.Err() == nil {
			s.Log.Error("processes of the apps", "error", err)
		}
		return
	}
	if s.censusOf(snap).children() {
		s.lookLater()
	}
}

func (r *rounds) done() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = false
}

func (r *rounds) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// children reports whether an app has more than its main process.
func (c *census) children() bool {
	for p := range c.snapshot.All() {
		if owner, ok := c.owners.of(p); ok {
			if parent, ok := c.snapshot.Proc(int(p.PPID)); ok {
				if above, ok := c.owners.of(parent); ok && above.uuid == owner.uuid {
					return true
				}
			}
		}
	}
	return false
}
