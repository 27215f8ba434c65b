package supervise

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/proc"
)

// adoption is what there is to take over, by launch. What an instance takes is
// its own from then on.
type adoption struct {
	sup    *Supervisor
	mu     sync.Mutex // guards held
	held   map[string]*keeper.Held
	strays map[string]*keeper.Stray  // of launches whose process has ended unnamed
	aloft  map[string]*proc.Identity // of launches whose process was found by its mark
	ended  func() []keeper.Stray
	// left are the marked processes by instance, where there was no keeper.
	left map[string][]claimed
}

func newAdoption(s *Supervisor, held []keeper.Held, ended func() []keeper.Stray) *adoption {
	a := &adoption{
		sup: s, ended: ended, held: make(map[string]*keeper.Held),
		strays: make(map[string]*keeper.Stray), aloft: make(map[string]*proc.Identity),
	}
	for n := range held {
		a.held[held[n].Key] = &held[n]
	}
	return a
}

// findLeft looks at what launches have left behind: without a keeper only these
// processes still hold what is in their pipes.
func (a *adoption) findLeft(ctx context.Context, list []Restored) {
	if len(a.held) > 0 || len(list) == 0 {
		return
	}
	c, err := a.sup.census(ctx)
	if err != nil {
		a.sup.Log.Error("processes of apps", "error", err)
		return
	}
	a.left = c.claimed
}

// take hands over what the keeper has of a launch, or nil.
func (a *adoption) take(key string) *keeper.Held {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.held[key]
	delete(a.held, key)
	return h
}

// rest hands over what the keeper has of earlier launches of an instance, whose
// exits are on record.
func (a *adoption) rest(uuid string) (list []*keeper.Held) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, h := range a.held {
		if strings.HasPrefix(key, uuid+":") {
			delete(a.held, key)
			list = append(list, h)
			a.forgetProcess(h)
		}
	}
	return list
}

// forgetProcess tells the keeper that the exit of a launch is on record, or that
// it never came to its fork, and closes what nobody needs then. nil is nothing.
func (a *adoption) forgetProcess(h *keeper.Held) {
	if h == nil {
		return
	}
	a.sup.Keeper.Reaped(h.Key)
	h.PID = 0
	if h.Exit != nil {
		a.sup.Keeper.Recorded(h.Exit.Report)
	}
	for _, name := range []string{keeper.PidFD, keeper.Channel, keeper.Notify} {
		closeFD(takeFile(h, name))
	}
	a.sup.Keeper.Release(h.Key, keeper.PidFD, keeper.Channel, keeper.Notify)
}

// releaseRest lets go of what is nobody's: of instances that were deleted.
func (a *adoption) releaseRest() {
	for key, h := range a.held {
		a.forgetProcess(h)
		for _, f := range h.Files {
			closeFD(f.FD)
		}
		a.sup.Keeper.Release(key)
	}
}

func (a *adoption) stray(key string) *keeper.Stray { return a.strays[key] }

// aloftTime bounds the search for a process that may not have come to its exec,
// until when it does not carry its mark. aloftPause is the time between two looks.
const (
	aloftTime  = time.Second
	aloftPause = 5 * time.Millisecond
)

// findAloft finds the processes of launches that were under way when the earlier
// daemon died: forked, perhaps, and not on record. One that lives carries its
// mark. One that has ended meanwhile is the keeper's stray, if there is just one
// such launch.
func (a *adoption) findAloft(ctx context.Context, list []Restored) {
	var missing []launchKey
	for _, r := range list {
		missing = append(missing, a.unnamed(r.Record)...)
	}
	for waited := time.Duration(0); len(missing) > 0 && waited < aloftTime; waited += aloftPause {
		c, err := a.sup.census(ctx)
		if err != nil {
			a.sup.Log.Error("processes of apps that were being launched", "error", err)
			break
		}
		// First who may be on the way to its exec, then who has arrived: in between
		// nobody is overlooked.
		flying := a.sup.inTheAir(c)
		missing = slices.DeleteFunc(missing, func(k launchKey) bool {
			id := a.sup.leader(c, k)
			if id != nil {
				a.aloft[k.key] = id
			}
			return id != nil
		})
		if !flying {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(aloftPause):
		}
	}
	a.eliminate(missing)
}

// leader returns the main process of a launch by its mark: the one that leads a
// session of its own, as hub starts it. A process that it has started may do so
// too, and is younger.
func (s *Supervisor) leader(c *census, k launchKey) (first *proc.Identity) {
	mark := s.HomeID + ":" + k.key
	for p := range c.snapshot.All() {
		if p.Dead() || p.SID != p.PID || first != nil && p.Start >= first.Start || s.Scanner.Mark(p) != mark {
			continue
		}
		first = &proc.Identity{PID: int(p.PID), Start: p.Start, Boot: s.Boot}
	}
	return first
}

// inTheAir reports whether there is an orphan, or a child of the keeper's, that is
// still the daemon's program, or has come to its exec and no further: it does not
// show its mark.
func (s *Supervisor) inTheAir(c *census) bool {
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return false
	}
	for p := range c.snapshot.All() {
		parent := int(p.PPID)
		if int(p.PID) == c.self || parent != 1 && parent != c.self && (parent != c.keeper || parent == 0) {
			continue
		}
		exe, err := os.Readlink("/proc/" + strconv.Itoa(int(p.PID)) + "/exe")
		if err == nil && strings.TrimSuffix(exe, " (deleted)") == own {
			return true
		}
		if _, settled := s.Scanner.Settled(p); !settled {
			return true
		}
	}
	return false
}

// launchKey names a launch.
type launchKey struct {
	key, uuid string
	gen       int
	at        time.Time // when it was begun
}

// unnamed returns the launches of a record that may have a process which nobody
// has named.
func (a *adoption) unnamed(r *Record) (list []launchKey) {
	add := func(gen int, l RecordedLaunch) {
		key := keyOf(r.UUID, gen)
		if h := a.held[key]; l.Process == nil && (h == nil || h.PID == 0 || fileOf(h, keeper.PidFD) < 0) {
			list = append(list, launchKey{key, r.UUID, gen, l.LaunchedAt})
		}
	}
	if r.State == Launching || r.State == Online { // online without one: the record was damaged
		add(r.Generation, r.RecordedLaunch)
	}
	for _, b := range r.Beside {
		if b.Candidate {
			add(b.Generation, b.RecordedLaunch)
		}
	}
	return list
}

// clockSlack is how much the clock may be set back while a launch is in the air.
const clockSlack = time.Second

// startedAt is a time as processes have it: in ticks since boot.
func startedAt(t time.Time) uint64 {
	now, ago := ticks(), time.Since(t)/tick
	if ago < 0 {
		return now
	}
	return now - min(now, uint64(ago))
}

// eliminate gives the only stray that leads a session, as hub starts its apps, and
// is not older than the launch, to the only launch that the keeper holds the wires of
// and nobody has named. An older one is an orphan, whose exit is no app's.
func (a *adoption) eliminate(missing []launchKey) {
	missing = slices.DeleteFunc(missing, func(k launchKey) bool { return a.held[k.key] == nil })
	if len(missing) != 1 {
		return
	}
	since := startedAt(missing[0].at.Add(-clockSlack))
	leaders := slices.DeleteFunc(a.ended(), func(s keeper.Stray) bool { return s.Session != s.PID || s.Start < since })
	if len(leaders) == 1 {
		a.strays[missing[0].key] = &leaders[0]
	}
}
