package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/epoll"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/link"
	"github.com/leadmaster/hub/pkg/logs"
	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/settings"
	"github.com/leadmaster/hub/pkg/stats"
	"github.com/leadmaster/hub/pkg/store"
	"github.com/leadmaster/hub/pkg/supervise"
)

// Options are how a daemon is started.
type Options struct {
	Home string // HUB_HOME, absolute
	Log  *slog.Logger
	// ReopenLog makes Log write to the file that its path names now. It may be
	// nil.
	ReopenLog func() error
	// Ready is called once, when the daemon answers. It may be nil.
	Ready func()
	// Catch has signals caught as they are at the start, after they were ignored for
	// another program that could not be executed. It may be nil.
	Catch func()
	// Table is what the process before passes on, with its descriptors; nil: there
	// is no keeper, and the daemon takes the home's lock itself.
	Table *keeper.Table
	// Boot has the daemon start what was saved: see Daemon.Boot. Its settings are
	// then no reason not to begin.
	Boot bool
}

// Daemon is a running hubd.
type Daemon struct {
	home    *store.Home
	log     *slog.Logger
	reopen  func() error // Log's file, or nil
	catch   func()       // signals, or nil
	sup     *supervise.Supervisor
	exits   *epoll.Loop
	logs    *logs.Loop
	host    stats.Host
	started time.Time
	user    string
	// sameBoot: the machine was not rebooted since the daemon before.
	sameBoot bool
	lock     *store.Lock
	listener *net.UnixListener
	table    *keeper.Table // what the process before has passed on, or nil
	link     *link.Link    // to the keeper, or nil
	// keeperLost gets a value when the keeper is gone, updates what hubctl wants.
	keeperLost chan struct{}
	orphaned   atomic.Bool // the keeper is gone
	// fate is held for the last step towards an end, and towards another program:
	// who was told that the daemon ends must not meet the next one.
	fate     sync.Mutex
	left     atomic.Bool // the apps are the next daemon's
	named    atomic.Bool // hubd.pid says who we are
	updates  chan update
	adopted  chan struct{} // closed when adoption is complete
	adopting struct{ done, of atomic.Int64 }
	reports  reports
	// ended is closed when a client has asked the daemon to end and all apps
	// are gone.
	ended   chan struct{}
	endOnce sync.Once
	dumpMu  sync.Mutex // one save at a time
	memory  *memory
	state   stateFile
	unit    inUnit
	// problems are those of the saved apps.
	problems problems
	news     chan struct{} // gets a value when they have changed
}

// Run takes the home and serves it until ctx is done, when it ends all apps
// first, or until a client asks for the end. It returns store.ErrLocked when
// another daemon has the home.
func Run(ctx context.Context, o Options, begin func(*Daemon) error) error {
	home, err := store.OpenHome(o.Home)
	if err != nil {
		return err
	}
	lock, err := o.lock(home)
	if err != nil {
		return err
	}
	defer lock.Close()
	set, err := o.settings(home)
	if err != nil {
		return err
	}
	d, err := assemble(home, set, o)
	if err != nil {
		return err
	}
	d.lock = lock
	d.enterUnit()
	defer d.memory.stop()
	defer d.sup.Close()
	// The loops end last: they see the apps out.
	loops, stopLoops := context.WithCancel(context.Background())
	defer stopLoops()
	go d.serveLoop("exits", func() error { return d.exits.Run(loops) })
	go d.serveLoop("logs", func() error { return d.logs.Run(loops) })

	if d.listener, err = d.listen(); err != nil {
		return err
	}
	defer d.remove(func() error { return os.Remove(home.SocketPath()) })
	defer d.listener.Close()
	// After the socket: who finds the pid file finds a daemon to talk to.
	if err := d.signName(); err != nil {
		d.log.Error("pid file", "error", err)
	}
	defer d.remove(home.RemovePid)
	go d.accept(loops, d.listener)
	d.adopt(loops)
	d.pruneGroups()
	defer d.pruneGroups()
	d.answers()
	d.log.Info("hubd answers", "version", api.Version, "pid", os.Getpid(), "home", home.Dir)
	if o.Ready != nil {
		o.Ready()
	}
	first := d.state.get().Booting
	if begin != nil {
		if err := begin(d); err != nil {
			d.log.Error("start", "error", err)
		}
	}
	d.tellReady()
	go d.announce(loops)
	go d.watchUnit(ctx, first)
	d.wait(ctx)
	d.leavePIDFile()
	if !d.left.Load() {
		d.remove(func() error { return os.Remove(d.journalPath()) })
		d.remove(func() error { return os.Remove(d.beganPath()) })
		d.remove(func() error { return d.state.change(func(s *state) { s.Ended, s.Ending = true, false }) })
	}
	d.log.Info("hubd ends", "pid", os.Getpid())
	return d.leaveKeeper()
}

// wait waits for the end, and until then for what only the main goroutine may do:
// to become another program.
func (d *Daemon) wait(ctx context.Context) {
	var again <-chan time.Time // to become the keeper
	pause := firstTry
	for {
		select {
		case <-ctx.Done():
			d.log.Info("hubd was told to end; ending all apps", "cause", context.Cause(ctx))
			d.endAll("hubd ends", func([]api.Result) {})
			return
		case <-d.ended:
			return
		case <-d.keeperLost:
			again, pause = d.keep(ctx, pause)
		case <-again:
			again, pause = d.keep(ctx, pause)
		case u := <-d.updates:
			u.done <- d.becomeNext(ctx, u)
		}
	}
}

// assemble makes the parts and wires them.
func assemble(home *store.Home, set settings.Settings, o Options) (*Daemon, error) {
	log := o.Log
	boot, err := proc.BootID()
	if err != nil {
		return nil, err
	}
	protected, err := proc.OOMProtected()
	if err != nil {
		return nil, err
	}
	st, err := loadState(home, boot, log)
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		home: home, log: log, reopen: o.ReopenLog, catch: o.Catch, table: o.Table, sameBoot: st.Boot == boot, memory: newMemory(), started: time.Now(), user: userName(os.Geteuid()),
		ended: make(chan struct{}), adopted: make(chan struct{}), keeperLost: make(chan struct{}, 1), updates: make(chan update),
	}
	d.news = make(chan struct{}, 1)
	d.problems.changed = func() {
		select {
		case d.news <- struct{}{}:
		default:
		}
	}
	if d.exits, err = epoll.New(); err != nil {
		return nil, err
	}
	if d.logs, err = logs.New(log, d.journalPath()); err != nil {
		return nil, err
	}
	kept, err := d.joinKeeper()
	if err != nil {
		return nil, err
	}
	st.begin(boot, o.Boot, o.Table != nil && o.Table.Answered)
	d.state.path, d.state.now = home.StatePath(), st
	d.sup = supervise.New(supervise.Config{
		Home: home.Dir, HomeID: st.HomeID, Boot: boot, RunDir: home.RunDir(),
		ShortRunDir: func() (string, error) { return shortRunDir(st.HomeID) },
		Loop:        d.exits, Logs: d.logs, Scanner: stats.NewScanner(), Store: home, Log: log,
		MemoryInterval: set.MemoryInterval, ResetOOM: protected, Keeper: kept,
		KeeperPID: d.keeperPID(), Shim: d.keeperProgram(), Groups: openGroups(st.HomeID, log),
		OnChange: func(nextID, instances int) error {
			d.memory.changed()
			return errors.Join(d.state.change(func(s *state) { s.NextID = nextID }), d.signName())
		},
	}, st.NextID)
	return d, nil
}

// signName writes hubd.pid, once: a disk that can't be written may be later.
func (d *Daemon) signName() error {
	if d.named.Load() {
		return nil
	}
	err := d.home.WritePid()
	d.named.Store(err == nil)
	return err
}

func (d *Daemon) serveLoop(name string, run func() error) {
	if err := run(); err != nil {
		d.log.Error("loop ended", "loop", name, "error", err)
	}
}

func (d *Daemon) remove(f func() error) {
	if err := f(); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, net.ErrClosed) {
		d.log.Error("clean up", "error", err)
	}
}

// journalPath is where the logs keep what a next daemon needs to go on.
func (d *Daemon) journalPath() string { return filepath.Join(d.home.RunDir(), "journal") }

// lastWords is how long the daemon's end waits for what an app that can't be
// ended still has to say.
const lastWords = 5 * time.Second

// endMargin is what an end takes beside the apps' own time, SIGKILL included.
const endMargin = 15 * time.Second

// longestEnd is the longest kill_timeout: all apps end at the same time.
func (d *Daemon) longestEnd() (longest time.Duration) {
	for _, i := range d.sup.Instances() {
		longest = max(longest, time.Duration(i.Status().Spec.KillTimeout))
	}
	return longest
}

// endAll deletes all instances, all at once, and waits until their last words
// are in their logs. What can't be ended is left, and named in the results.
func (d *Daemon) endAll(cause string, each func([]api.Result)) {
	left := false
	if err := d.state.change(func(s *state) { s.Ending = true }); err != nil {
		d.log.Error("state can't be saved", "error", err)
	}
	limit := d.longestEnd() + endMargin
	d.tellUnit("STOPPING=1", fmt.Sprintf("STATUS=ending %d instances, within %s", len(d.sup.Instances()), limit),
		fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", limit.Microseconds()))
	// Nobody's context: the end is not to be called off.
	_ = d.collect(context.Background(), d.sup.End(cause), func(results []api.Result) error {
		for _, r := range results {
			if r.Error != "" {
				left = true
				d.log.Error("app is left running", "app", r.Name, "id", r.ID, "pid", r.PID, "error", r.Error)
			}
		}
		each(results)
		return nil
	})
	gone := make(chan struct{})
	go func() { d.sup.Wait(); close(gone) }()
	if !left {
		<-gone
		return
	}
	select {
	case <-gone:
	case <-time.After(lastWords):
	}
}

// shortRunDir is where notify sockets go when HUB_HOME's path is too long for a
// socket address.
func shortRunDir(homeID string) (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if os.Geteuid() == 0 {
		base = "/run"
	}
	if base == "" {
		return "", errors.New("HUB_HOME is too long for a notify socket and XDG_RUNTIME_DIR is not set")
	}
	dir := filepath.Join(base, "hub-"+homeID)
	return dir, os.MkdirAll(dir, 0o700)
}

func userName(uid int) string {
	if u, err := user.LookupId(fmt.Sprint(uid)); err == nil {
		return u.Username
	}
	return fmt.Sprint(uid)
}
