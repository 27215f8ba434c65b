package supervise

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/leadmaster/hub/pkg/epoll"
	"github.com/leadmaster/hub/pkg/logs"
	"github.com/leadmaster/hub/pkg/stats"
)

// Config is what a Supervisor works with. All of it is the caller's and must
// outlive the Supervisor.
type Config struct {
	Home   string // HUB_HOME
	HomeID string // random, made once for each home
	Boot   string // the kernel's boot id
	RunDir string // for notify sockets
	// ShortRunDir makes a folder with a short path, where RunDir is too long for
	// a socket address. It may be nil.
	ShortRunDir func() (string, error)
	Loop        *epoll.Loop // exits, channels, notify sockets
	Logs        *logs.Loop
	Scanner     *stats.Scanner
	// MemoryInterval is how often the memory of apps with a limit is looked at.
	MemoryInterval time.Duration
	// ResetOOM takes a protection from the OOM killer, which is the daemon's own,
	// from each app (proc.Command).
	ResetOOM bool
	Store    Store
	// Keeper holds on to what must outlive the daemon. It may be nil.
	Keeper Keeper
	// KeeperPID is the keeper's process, which gets the orphans of all apps; 0
	// without one.
	KeeperPID int
	// Shim is the program by which apps with sockets are executed (keeper.Activate):
	// hub-keeper, which tells them their own pid in LISTEN_PID. Without it they are
	// started directly.
	Shim string
	// Groups are the instances' cgroups, nil where there can be none.
	Groups *cgroup.Tree
	Log    *slog.Logger
	// OnChange is called after an instance was added or removed, with the next id
	// to be given out and how many instances there are; it must not call back. Its
	// error says why that could not be saved. It may be nil.
	OnChange func(nextID, instances int) error
}

// Supervisor has the instances of one daemon.
type Supervisor struct {
	Config
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	bus     bus
	forking chan struct{}      // one launch at a time is between Hold and Forked
	turns   chan struct{}      // a place for each launch under way
	paces   chan time.Duration // the last change of MemoryInterval, unread

	mu        sync.Mutex // guards the registry: the fields below
	instances []*Instance
	draining  []*Instance // that were deleted and have not ended
	nextID    int
	memory    bool // the goroutine that looks at memory runs
	ending    bool
	rolling   map[string]int // reloads that go from instance to instance, by app

	sockets  *sockets
	censuses censuses
	rounds   rounds
	outside  sync.Once // tells that apps run outside of their cgroups
	cpu      stats.CPU

	unsaved unsaved

	running sync.WaitGroup // goroutines of instances
}

// New makes a Supervisor without instances. nextID is the next id to give out.
func New(c Config, nextID int) *Supervisor {
	s := &Supervisor{Config: c, nextID: nextID, rolling: make(map[string]int), turns: make(chan struct{}, launchesAtOnce), forking: make(chan struct{}, 1), paces: make(chan time.Duration, 1)}
	if c.Keeper == nil {
		s.Keeper = noKeeper{}
	}
	s.sockets = newSockets(s.Keeper, s.Log)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Close ends what the Supervisor does beside its instances. Instances that are
// left, and their processes, stay as they are.
func (s *Supervisor) Close() {
	s.cancel()
	s.rounds.stop()
	s.sockets.close()
}

// Subscribe returns events from now on.
func (s *Supervisor) Subscribe() *Subscription { return s.bus.subscribe() }
