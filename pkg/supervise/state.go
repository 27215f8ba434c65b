package supervise

import (
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
)

// State is what an instance is doing, in PM2's words.
type State string

const (
	// Stopped: down, by wish or because it ended and is not to be restarted.
	Stopped State = "stopped"
	// Launching: forked, but has not said that it is ready.
	Launching State = "launching"
	// Online: running and, where that is asked for, ready.
	Online State = "online"
	// Stopping: told to end, and something of it still runs.
	Stopping State = "stopping"
	// Waiting: ended, to be launched again after a delay.
	Waiting State = "waiting restart"
	// Errored: given up after too many unstable exits.
	Errored State = "errored"
)

// Want is what an instance should be. A command changes it and the machine
// converges; an app that ends for good by itself wants no more.
type Want string

const (
	Down Want = "down"
	Up   Want = "up"
	Gone Want = "gone" // deleted as soon as nothing of it runs
	// Replaced is what a reload waits for: another launch has taken over and
	// nothing is left of the one before. An instance never wants it.
	Replaced Want = "replaced"
)

// event is what can happen to an instance. The set is closed.
type event interface{ isEvent() }

// verb is what a command asks for.
type verb string

const (
	verbStart     verb = "start"
	verbRestart   verb = "restart"
	verbReload    verb = "reload"
	verbStop      verb = "stop"
	verbDelete    verb = "delete"
	verbReset     verb = "reset"
	verbConfigure verb = "configure" // take a spec for later, and do nothing
	verbJoin      verb = "join"      // wait for what an earlier command has begun
)

type (
	// command comes from a user.
	command struct {
		verb  verb
		cause string     // who asked
		spec  *spec.Spec // what to launch from the next time on; nil: as before
		base  *BaseEnv   // with what environment, for a reload; nil: as before
		// ticket, if not 0, is the number of the only command that this may follow:
		// after a later one it is refused.
		ticket uint64
		reply  *waiter // nil: nobody waits
	}
	// spawned: the process of this generation runs.
	spawned struct {
		gen int
		pid int
	}
	// spawnFailed: there is no process.
	spawnFailed struct {
		gen int
		err error
	}
	// ready: the app said so.
	ready struct {
		gen int
		how string
	}
	// exited: the main process has ended.
	exited struct {
		gen  int
		exit proc.Exit
	}
	// treeGone: after the main process's end nothing of the tree is left.
	treeGone struct{ gen int }
	// unstoppable: a process of the tree can't be signalled.
	unstoppable struct {
		gen int
		why string
	}
	// overLimit: the tree uses more memory than max_memory_restart.
	overLimit struct {
		gen         int
		used, limit int64 // bytes
	}
	// expired: a timer that the machine armed.
	expired struct {
		gen   int
		timer timer
	}
)

func (command) isEvent()     {}
func (spawned) isEvent()     {}
func (spawnFailed) isEvent() {}
func (ready) isEvent()       {}
func (exited) isEvent()      {}
func (treeGone) isEvent()    {}
func (unstoppable) isEvent() {}
func (overLimit) isEvent()   {}
func (expired) isEvent()     {}

// timer names a timer; a launch has at most one of each.
type timer string

const (
	timerListen  timer = "listen timeout" // listen_timeout of a launch
	timerKill    timer = "kill timeout"   // kill_timeout of a stop
	timerRestart timer = "restart delay"  // until the next launch
	timerStable  timer = "stable"         // min_uptime has passed
	timerCalm    timer = "calm"           // long enough up to forget the backoff
	timerSettle  timer = "settle"         // a start that is watched for a moment is over
	timerTrial   timer = "trial"          // a candidate has lived long enough, or is not ready in time
)

// effect is what the machine wants done. The set is closed.
type effect interface{ isEffect() }

type (
	// spawn launches the generation and feeds spawned or spawnFailed back. With
	// beside the current launch goes on, else the new one takes its place.
	spawn struct {
		gen    int
		spec   *spec.Spec
		base   *BaseEnv // nil: the instance's
		beside bool
	}
	// rebase replaces the environment that launches start from.
	rebase struct{ base *BaseEnv }
	// promote makes a launch that runs beside the current one.
	promote struct{ gen int }
	// forget lets go of a launch that ran beside, and of which nothing is left.
	forget struct{ gen int }
	// signal sends the kill signal to the main process.
	signal struct{ gen int }
	// sweep ends what is left of the tree, with SIGKILL if kill is set, else
	// with the kill signal, and feeds treeGone back when there is nothing. The
	// main process is only touched with kill.
	sweep struct {
		gen  int
		kill bool
	}
	// arm starts a timer, anew if it runs; disarm stops it.
	arm struct {
		gen   int
		timer timer
		after time.Duration
	}
	disarm struct {
		gen   int
		timer timer
	}
	// answer tells a waiter the outcome.
	answer struct {
		to      *waiter
		outcome Outcome
	}
	// note is a line for the history and the log.
	note struct {
		kind   string
		reason string
		pid    int // 0: the main process, if there is one
	}
	// drop ends the instance.
	drop struct{}
)

func (spawn) isEffect()   {}
func (rebase) isEffect()  {}
func (promote) isEffect() {}
func (forget) isEffect()  {}
func (signal) isEffect()  {}
func (sweep) isEffect()   {}
func (arm) isEffect()     {}
func (disarm) isEffect()  {}
func (answer) isEffect()  {}
func (note) isEffect()    {}
func (drop) isEffect()    {}

// waiter is somebody who waits for what becomes of a command.
type waiter struct {
	goal Want
	// settle: do not believe a launch before it has lived for a moment.
	settle bool
	gen    int            // that is to take over, for Replaced
	done   chan<- Outcome // capacity 1
}

// Outcome is what became of a command on one instance.
type Outcome struct {
	// Err is empty for success, else the reason in words.
	Err      string
	Warnings []string
	// Died is set when a launch ended at once; the last lines of its stderr are
	// in Stderr then.
	Died   bool
	gen    int  // which launch, if not the current one
	passed bool // it was left to a later command
	Stderr []string
	// Status is the instance at that moment.
	Status *Status
}
