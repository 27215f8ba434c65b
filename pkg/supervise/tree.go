package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// member names a process of a tree: a pid alone may be used again.
type member struct {
	pid   int
	start uint64 // ticks since boot
}

// leftover is a process that a scan found.
type leftover struct {
	member
	group int // its process group
}

// sweeper ends what is left of a launch's tree beside the main process. It
// belongs to the instance's goroutine.
type sweeper struct {
	kill    bool
	looking bool // a scan is under way
	again   bool // what it will find is not enough, look once more
	empty   int  // looks in a row that found nothing
	unsure  int  // looks that could not tell everything
	held    map[member]*proc.Process
}

const (
	// lookPause is the time until another look after one that could not be made.
	lookPause = 200 * time.Millisecond
	// execPause is the same after a look that could not tell everything, since a
	// process was about to execute a program.
	execPause = 10 * time.Millisecond
	// mostUnsure bounds these looks: on a busy machine there is always somebody
	// else's process about to execute a program, and one of ours has done so by
	// then.
	mostUnsure = 25
)

type (
	// remembered is the tree as it was when the launch was told to end.
	remembered struct {
		gen   int
		kill  bool
		found []leftover
		err   error
	}
	// scanned is what a scan found of the launch's tree, main process left out.
	scanned struct {
		gen   int
		found []leftover
		sure  bool // there was nothing that may belong to it
		err   error
	}
	// memberEnded: a process that the sweeper holds has ended.
	memberEnded struct {
		gen int
		who member
	}
	// lookAgain: the pause after a look that failed is over.
	lookAgain struct{ gen int }
)

// remember takes down who belongs to the tree while the main process, their
// common ancestor, still lives; then that gets the kill signal, or SIGKILL.
func (i *Instance) remember(l *launch, kill bool) {
	gen, look := l.gen, i.lookFor(l)
	go func() {
		found, _, err := look()
		i.mail.put(remembered{gen, kill, found, err})
	}()
}

func (i *Instance) remembered(r remembered) {
	l := i.find(r.gen)
	if l == nil || !i.machine.ends(r.gen) {
		return
	}
	if r.err != nil {
		i.logError("processes of the app", r.err)
	}
	l.known = make([]member, 0, len(r.found)) // not nil: it was looked at
	for _, f := range r.found {
		l.known = append(l.known, f.member)
	}
	if r.kill {
		i.sweep(sweep{r.gen, true})
		return
	}
	if l.process == nil {
		return
	}
	l.signalled = true
	defer func() { i.recorded = false; i.record() }()
	if l.askToEnd() {
		return
	}
	sig := l.spec.KillSignal.Number()
	if !forwards(l.spec, l.process.PID) {
		i.check(l, l.process.Signal(sig), l.process.PID)
		return
	}
	// A shell that waits for its child does not act on a signal until the child
	// has ended, so the whole job gets it, as from a terminal.
	now := ticks()
	err := l.process.SignalGroup(sig)
	if err == nil {
		l.grouped = now
	}
	i.check(l, err, l.process.PID)
}

// askToEnd sends the message "shutdown" where the app wants that instead of the
// kill signal. It returns false where the signal is needed: nobody would read the
// message.
func (l *launch) askToEnd() bool {
	return l.spec.ShutdownWithMessage && l.channel != nil && l.channel.Send("shutdown") == nil
}

// forwards reports whether the main process stands between the signal and the
// program: a shell, or a package manager that runs a script through one. A shell
// that has replaced itself by its program (exec) is none any more.
func forwards(s *spec.Spec, pid int) bool {
	if s.Shell {
		return true
	}
	shells := []string{"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "busybox"}
	runners := []string{"npm", "npx", "yarn", "pnpm", "pnpx", "bun", "bunx"}
	exe, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/exe")
	return err == nil && slices.Contains(shells, filepath.Base(exe)) || slices.Contains(runners, filepath.Base(s.Script))
}

// check looks at the error of a signal. A process that is gone already is fine;
// one that may not be signalled is something the user must be told.
func (i *Instance) check(l *launch, err error, pid int) {
	if err != nil && !errors.Is(err, proc.ErrGone) {
		i.handle(unstoppable{l.gen, fmt.Sprintf("process %d can't be signalled: %v", pid, err)})
	}
}

// sweep starts to end what is left, or goes on to SIGKILL.
func (i *Instance) sweep(e sweep) {
	l := i.find(e.gen)
	if l.process != nil {
		if l.known == nil {
			i.remember(l, true) // and then sweep
			return
		}
		i.check(l, l.process.Signal(unix.SIGKILL), l.process.PID)
	}
	w := l.sweeper
	if w == nil {
		w = &sweeper{held: make(map[member]*proc.Process)}
		l.sweeper = w
	}
	w.kill = w.kill || e.kill
	if w.kill {
		for m, p := range w.held {
			i.check(l, p.Signal(unix.SIGKILL), m.pid)
		}
	}
	i.look(l)
}

// look scans for processes of the tree, beside the goroutine.
func (i *Instance) look(l *launch) {
	w := l.sweeper
	if w.looking {
		w.again = true
		return
	}
	w.looking, w.again = true, false
	gen, look := l.gen, i.lookFor(l)
	go func() {
		found, sure, err := look()
		i.mail.put(scanned{gen, found, sure, err})
	}()
}

func (i *Instance) lookLater(gen int, pause time.Duration) {
	time.AfterFunc(pause, func() { i.mail.put(lookAgain{gen}) })
}

func (i *Instance) scanned(s scanned) {
	l := i.find(s.gen)
	if l == nil || l.sweeper == nil {
		return
	}
	w := l.sweeper
	w.looking = false
	if len(s.found) > 0 {
		w.empty = 0
	}
	var failed error
	for _, f := range s.found {
		if w.held[f.member] == nil {
			failed = errors.Join(failed, i.hold(l, f))
		}
	}
	if failed = errors.Join(failed, s.err); failed != nil {
		// Nothing is known to be gone, so nothing is; not a reason to spin.
		i.logError("processes of the app", failed)
		i.lookLater(l.gen, lookPause)
		return
	}
	switch {
	case l.sweeper != w: // a signal that failed has changed the state
	case w.again:
		i.look(l)
	case len(w.held) > 0:
		// Their ends come one by one.
	case len(s.found) > 0:
		i.look(l) // all of them ended meanwhile; they may have left children
	case !s.sure && w.unsure < mostUnsure:
		w.unsure++
		w.empty = 0
		i.lookLater(l.gen, execPause)
	case w.empty == 0:
		// A pass over /proc is not atomic: a process that was born meanwhile may
		// be missing. Nothing is left when two looks agree.
		w.empty++
		i.look(l)
	default:
		l.sweeper = nil
		i.handle(treeGone{s.gen})
	}
}

// hold takes a process of the tree by its pidfd and signals it. One that is gone
// is no error.
func (i *Instance) hold(l *launch, f leftover) error {
	p, err := proc.Open(proc.Identity{PID: f.pid, Start: f.start, Boot: i.sup.Boot})
	if errors.Is(err, proc.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	w := l.sweeper
	gen, m := l.gen, f.member
	if err := p.WhenEnded(i.sup.Loop, func() { i.mail.put(memberEnded{gen, m}) }); err != nil {
		p.Close()
		return err
	}
	w.held[m] = p
	switch {
	case w.kill:
		i.check(l, p.Signal(unix.SIGKILL), f.pid)
	case f.group == l.main.pid && f.start <= l.grouped:
		// It got the signal with its group, and a second one means "at once" to
		// many programs.
	default:
		i.check(l, p.Signal(l.spec.KillSignal.Number()), f.pid)
	}
	return nil
}

func (i *Instance) memberEnded(e memberEnded) {
	l := i.find(e.gen)
	if l == nil || l.sweeper == nil || l.sweeper.held[e.who] == nil {
		return
	}
	w := l.sweeper
	w.held[e.who].Close()
	delete(w.held, e.who)
	if len(w.held) == 0 {
		i.look(l)
	}
}

// lookFor returns a function that finds the living processes of a launch beside
// its main process: descendants and session of that, those seen before, those
// that carry the instance's mark, and what belongs to any of these, but nothing
// of the launches that run beside it. The function may run on any goroutine; it
// is not sure when there may be more.
func (i *Instance) lookFor(l *launch) func() (found []leftover, sure bool, err error) {
	uuid, root, ended := i.UUID, l.main, l.ended
	known, rivals, last := slices.Clone(l.known), i.rivals(l), i.machine.launches
	return func() (found []leftover, sure bool, err error) {
		c, err := i.sup.census(i.sup.ctx)
		if err != nil {
			return nil, false, err
		}
		roots := known
		if c.hasSession(root, ended) {
			roots = append([]member{root}, known...)
		}
		for _, p := range c.tree(uuid, roots, rivals, last) {
			if int(p.PID) != root.pid && int(p.PID) != os.Getpid() && !p.Dead() {
				found = append(found, leftover{member{int(p.PID), p.Start}, int(p.PGID)})
			}
		}
		return found, c.sure, nil
	}
}

// rivals are the launches of the instance beside l whose processes are not to
// be taken for l's.
func (i *Instance) rivals(l *launch) (list []rival) {
	for _, o := range append([]*launch{i.launch}, i.others...) {
		if o != nil && o != l {
			list = append(list, rival{o.gen, o.main})
		}
	}
	return list
}

// ticks is the time since boot in the unit of start times (proc_pid_stat(5):
// sysconf(_SC_CLK_TCK), which Linux fixes at 100 for user space).
func ticks() uint64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return uint64(t.Sec)*100 + uint64(t.Nsec)/1e7
}

// tick is the unit of start times.
const tick = 10 * time.Millisecond
