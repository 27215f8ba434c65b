package supervise

import (
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
)

// Status is an instance at one moment. It is never changed once published.
type Status struct {
	UUID       string
	ID         int // pm_id
	Instance   int // number within the app
	Spec       *spec.Spec
	Want       Want
	State      State
	Generation int
	PID        int // main process, 0 when there is none
	LaunchedAt time.Time
	CreatedAt  time.Time
	Restarts   int
	Unstable   int
	Delay      time.Duration // of the last automatic restart
	NotReady   bool
	AppStatus  string // the app's own STATUS= (sd_notify(3))
	Command    []string
	LastExit   *proc.Exit // nil before the first
	LastEnd    string     // the last end in words
	Events     []Event    // oldest first

	latest  *spec.Spec // what the next launch would be of
	started uint64     // of the main process, in ticks since boot
	rivals  []rival    // launches that run beside it
}

// Event is something that happened to an instance.
type Event struct {
	Time     time.Time
	UUID     string
	ID       int
	Name     string
	Instance int
	Kind     string
	State    State
	PID      int
	Reason   string
}

// historyLength is how many events an instance remembers for describe.
const historyLength = 20
