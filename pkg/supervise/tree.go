package supervise

import (
	"os"

	"github.com/leadmaster/hub/pkg/proc"
	"golang.org/x/sys/unix"
)

// member names a process of a tree: a pid alone may be used again.
type member struct {
	pid   int
	start uint64
}

// sweeper ends what is left of an instance's tree beside the main process. It
// belongs to the instance's goroutine.
type sweeper struct {
	gen     int
	kill    bool
	looking bool // a scan is under way
	again   bool // what it will find is not enough, look once more
	empty   int  // looks in a row that found nothing
	held    map[member]*proc.Process
}

type (
	// scanned is what a scan found of the instance's tree, main process left out.
	scanned struct {
		gen   int
		found []member
		err   error
	}
	// remembered is what belonged to the tree when it was told to end.
	remembered struct {
		gen   int
		found []member
	}
	// memberEnded: a process that the sweeper holds has ended.
	memberEnded struct {
		gen int
		who member
	}
)

// sweep starts to end what is left, or goes on to SIGKILL.
func (i *Instance) sweep(e sweep) {
	if e.kill && i.launch != nil && i.launch.process != nil {
		_ = i.launch.process.Signal(unix.SIGKILL) // gone already: its exit is on the way
	}
	w := i.sweeper
	if w == nil || w.gen != e.gen {
		w = &sweeper{gen: e.gen, held: make(map[member]*proc.Process)}
		i.sweeper = w
	}
	w.kill = w.kill || e.kill
	if w.kill {
		for _, p := range w.held {
			_ = p.Signal(unix.SIGKILL)
		}
	}
	i.look()
}

// look scans for processes of the tree, beside the goroutine.
func (i *Instance) look() {
	w := i.sweeper
	if w.looking {
		w.again = true
		return
	}
	w.looking, w.again = true, false
	gen, root, known := w.gen, i.main, i.known
	go func() {
		found, err := i.sup.leftovers(i.UUID, root, known)
		i.mail.put(scanned{gen, found, err})
	}()
}

func (i *Instance) scanned(s scanned) {
	w := i.sweeper
	if w == nil || s.gen != w.gen {
		return
	}
	w.looking = false
	if len(s.found) > 0 {
		w.empty = 0
	}
	if s.err != nil {
		i.logError("processes of the app", s.err)
	}
	sig := i.machine.spec.KillSignal.Number()
	if w.kill {
		sig = unix.SIGKILL
	}
	for _, m := range s.found {
		if w.held[m] == nil {
			i.hold(m, sig)
		}
	}
	switch {
	case w.again:
		i.look()
	case len(w.held) > 0:
		// Their ends come one by one.
	case len(s.found) > 0:
		i.look() // all of them ended meanwhile; they may have left children
	case w.empty == 0:
		// A pass over /proc is not atomic: a process that was born meanwhile may
		// be missing. Nothing is left when two looks agree.
		w.empty++
		i.look()
	default:
		i.sweeper = nil
		i.handle(treeGone{s.gen})
	}
}

// hold takes a process of the tree by its pidfd and signals it.
func (i *Instance) hold(m member, sig unix.Signal) {
	p, err := proc.Open(proc.Identity{PID: m.pid, Start: m.start, Boot: i.sup.Boot})
	if err != nil {
		return // gone
	}
	w := i.sweeper
	gen := w.gen
	if err := p.WhenEnded(i.sup.Loop, func() { i.mail.put(memberEnded{gen, m}) }); err != nil {
		p.Close()
		return
	}
	w.held[m] = p
	_ = p.Signal(sig)
}

func (i *Instance) memberEnded(e memberEnded) {
	w := i.sweeper
	if w == nil || w.gen != e.gen || w.held[e.who] == nil {
		return
	}
	w.held[e.who].Close()
	delete(w.held, e.who)
	if len(w.held) == 0 {
		i.look()
	}
}

// remember takes down who belongs to the tree while the main process, their
// common ancestor, still lives.
func (i *Instance) remember() {
	uuid, gen, root := i.UUID, i.machine.gen, i.main
	go func() {
		if found, err := i.sup.leftovers(uuid, root, nil); err == nil {
			i.mail.put(remembered{gen, found})
		}
	}()
}

// leftovers returns the living processes of an instance beside its main process
// root: descendants and session of root, those seen before, those that carry
// the instance's mark, and what belongs to any of these.
func (s *Supervisor) leftovers(uuid string, root member, known []member) ([]member, error) {
	c, err := s.census(s.ctx)
	if err != nil {
		return nil, err
	}
	var found []member
	for _, p := range c.tree(uuid, append([]member{root}, known...)) {
		if int(p.PID) != root.pid && int(p.PID) != os.Getpid() && !p.Dead() {
			found = append(found, member{int(p.PID), p.Start})
		}
	}
	return found, nil
}
