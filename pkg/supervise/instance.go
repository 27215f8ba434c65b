package supervise

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// Instance is one supervised slot of an app. Its goroutine (run) owns all
// fields below the line; everybody else sends messages or reads Status.
type Instance struct {
	UUID   string
	ID     int // pm_id
	Number int // within the app
	sup    *Supervisor
	mail   *mailbox
	base   atomic.Pointer[BaseEnv]
	status atomic.Pointer[Status]
	peak   atomic.Int64  // bytes, highest memory seen of the tree
	gone   chan struct{} // closed when the goroutine has ended
	doomed atomic.Bool   // a delete was sent
	frozen atomic.Bool   // run waits for Freeze's thaw
	asked  *spec.Spec    // the last that Start has sent, guarded by sup.mu
	// commands counts those that were sent, so that one that waited knows whether
	// others came after it.
	commands atomic.Uint64

	// ---- owned by run ----
	machine *machine
	launch  *launch   // of the machine's generation; nil before the first
	others  []*launch // those that run beside it
	outputs []output  // of all launches whose pipes are still open
	timers  map[timerOf]*time.Timer
	content content
	// recorded: the record on disk says what the machine says; recording: it will
	// soon be written anew.
	recorded  bool
	recording bool
	listens   bool // it may need sockets
	pidFile   pidFile
	history   []Event
	dropped   bool
}

// timerOf names a timer of a launch.
type timerOf struct {
	gen   int
	timer timer
}

// Messages to an instance that are not events of the machine.
type (
	// appStatus is the text of STATUS= (sd_notify(3)).
	appStatus struct {
		gen  int
		text string
	}
	// warning is something the user should know about a launch.
	warning struct {
		gen  int
		text string
	}
)

// Status returns the instance as it was after its last event.
func (i *Instance) Status() *Status { return i.status.Load() }

// Gone is closed when the instance was deleted and nothing of it is left.
func (i *Instance) Gone() <-chan struct{} { return i.gone }

// MemoryPeak returns the highest memory that was seen of the instance's tree,
// in bytes.
func (i *Instance) MemoryPeak() int64 { return i.peak.Load() }

// run is the instance's goroutine.
func (i *Instance) run() {
	defer i.sup.running.Done()
	defer close(i.gone)
	defer i.sup.drained(i)
	for range i.mail.wake {
		aside(func() {
			for _, msg := range i.mail.take() {
				i.receive(msg)
			}
			if i.dropped {
				i.leave()
			}
		})
		if i.dropped {
			return
		}
	}
}

func (i *Instance) receive(msg any) {
	if i.dropped {
		refuse(msg, i.Status())
		return
	}
	switch msg := msg.(type) {
	case command:
		if msg.ticket != 0 && msg.ticket != i.commands.Load() {
			msg.reply.done <- Outcome{Err: "not reloaded: another command came after the reload", passed: true, Status: i.Status()}
			return
		}
		i.handle(msg)
	case event:
		i.handle(msg)
	case processEnded:
		i.ended(msg.gen)
	case reported:
		i.reported(msg)
	case appStatus:
		i.said(msg)
	case warning:
		if i.find(msg.gen) != nil {
			i.note(note{kind: "warning", reason: msg.text})
		}
	case appMessage:
		i.heard(msg)
	case question:
		msg.done <- msg.f()
	case remembered:
		i.remembered(msg)
	case scanned:
		i.scanned(msg)
	case memberEnded:
		i.memberEnded(msg)
	case lookAgain:
		if l := i.find(msg.gen); l != nil && l.sweeper != nil {
			i.look(l)
		}
	}
}

// handle takes the machine one step and does what it wants done. A launch feeds
// its result back at once, before the next message; what follows from that can't
// be another launch, since one that failed is never repeated without a delay.
func (i *Instance) handle(ev event) {
	if e, ok := ev.(expired); ok {
		delete(i.timers, timerOf(e))
	}
	effects := i.machine.step(time.Now(), ev)
	i.recorded = false
	i.recordContent()
	switch e := ev.(type) {
	case exited:
		// The end is on record before the zombie goes.
		i.record()
		i.reap(e.gen)
	case adopted: // and before anybody hears of one that nobody has seen
		i.record()
	}
	i.publish()
	i.settleSockets() // before what may need an address that another one shuts out
	var then event
	for _, e := range effects {
		if ev := i.perform(e); ev != nil {
			then = ev
		}
	}
	i.publish()
	if then != nil {
		i.handle(then)
		return
	}
	if i.machine.pid == 0 {
		if err := i.pidFile.remove(); err != nil {
			i.logError("pid file", err)
		}
	}
	if len(effects) > 0 && !i.dropped {
		i.record()
	}
}

// perform does one effect. Only spawn has an event to feed back.
func (i *Instance) perform(e effect) (then event) {
	switch e := e.(type) {
	case spawn:
		release := takeTurn(i.sup.turns)
		defer release()
		then = i.spawn(e)
	case rebase:
		i.base.Store(e.base)
	case promote:
		i.promote(e.gen)
	case forget:
		i.forget(e.gen)
	case signal:
		if l := i.find(e.gen); l != nil {
			i.remember(l, false)
		}
	case sweep:
		i.sweep(e)
	case arm:
		i.arm(e)
	case disarm:
		i.disarm(timerOf(e))
	case answer:
		i.answer(e)
	case note:
		i.note(e)
	case drop:
		i.dropped = true
		i.sup.remove(i)
	}
	return then
}

func (i *Instance) arm(e arm) {
	key := timerOf{e.gen, e.timer}
	i.disarm(key)
	i.timers[key] = time.AfterFunc(e.after, func() { i.mail.put(expired{e.gen, e.timer}) })
}

func (i *Instance) disarm(t timerOf) {
	if running := i.timers[t]; running != nil {
		running.Stop()
		delete(i.timers, t)
	}
}

// leave ends an instance that was deleted.
func (i *Instance) leave() {
	for t := range i.timers {
		i.disarm(t)
	}
	i.forgetLaunch()
	i.drain()
	i.removeGroup()
	// Last: a daemon that dies before has its successor do all this again.
	if err := i.sup.Store.RemoveRecord(i.UUID); err != nil {
		i.logError("record", err)
	}
	i.sup.saved(i.UUID, nil)
	i.releaseContent()
	for _, msg := range i.mail.close() {
		refuse(msg, i.Status())
	}
}

// drainTime is how long the pipes of a deleted app are read on when somebody
// outside its tree holds them open, or the disk is full.
const drainTime = 5 * time.Second

// drain waits until the last words of the app are in its files.
func (i *Instance) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	for _, o := range i.outputs {
		select {
		case <-o.Done():
		case <-ctx.Done():
			o.Close()
		}
	}
}

// refuse answers a command or a question that came too late.
func refuse(msg any, s *Status) {
	switch msg := msg.(type) {
	case command:
		if msg.reply != nil {
			msg.reply.done <- Outcome{Err: ErrDeleted.Error(), Status: s}
		}
	case question:
		msg.done <- ErrDeleted
	}
}
