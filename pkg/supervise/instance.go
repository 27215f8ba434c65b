package supervise

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/leadmaster/hub/pkg/ipc"
	"github.com/leadmaster/hub/pkg/logs"
	"github.com/leadmaster/hub/pkg/spec"
)

// stderrLines is how many lines of stderr the answer to a failed start shows.
const stderrLines = 10

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

	// ---- owned by run ----
	machine    *machine
	launch     *launch  // of the machine's generation; nil before the first
	main       member   // of the latest launch, also after its end: its session's leader
	known      []member // its tree as it was when it was told to end
	sweeper    *sweeper
	intakes    []*logs.Intake // of all launches whose pipes are still open
	timers     map[timer]*time.Timer
	notify     *ipc.Notify
	notifyPath string
	appStatus  string
	specHash   string
	pidFile    pidFile
	history    []Event
	dropped    bool
}

// Messages to an instance that are not events of the machine.
type (
	// processEnded: the pidfd of a launch's main process is readable.
	processEnded struct{ gen int }
	// notifyReady: READY=1 came over the instance's notify socket.
	notifyReady struct{}
	// appStatus is the text of STATUS=.
	appStatus string
	// warning is something the user should know about a launch.
	warning struct {
		gen  int
		text string
	}
)

// Status returns the instance as it was after its last event.
func (i *Instance) Status() *Status { return i.status.Load() }

// run is the instance's goroutine.
func (i *Instance) run() {
	defer i.sup.running.Done()
	defer close(i.gone)
	for range i.mail.wake {
		for _, msg := range i.mail.take() {
			i.receive(msg)
		}
		if i.dropped {
			i.leave()
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
	case event:
		i.handle(msg)
	case processEnded:
		i.peek(msg.gen)
	case notifyReady:
		i.handle(ready{i.machine.gen, "sd_notify"})
	case appStatus:
		i.appStatus = string(msg)
		i.publish()
	case warning:
		if msg.gen == i.machine.gen {
			i.note(note{"warning", msg.text})
			i.publish()
		}
	case scanned:
		i.scanned(msg)
	case remembered:
		if msg.gen == i.machine.gen {
			i.known = msg.found
		}
	case memberEnded:
		i.memberEnded(msg)
	}
}

// handle takes the machine one step and does what it wants done. A launch feeds
// its result back at once, before the next message.
func (i *Instance) handle(ev event) {
	now := time.Now()
	effects := i.machine.step(now, ev)
	if _, ok := ev.(exited); ok {
		// The end is on record before the zombie goes.
		i.record()
		i.reap()
	}
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
func (i *Instance) perform(e effect) event {
	switch e := e.(type) {
	case spawn:
		var ev event
		i.sup.clerk.do(func() { ev = i.spawn(e.gen) })
		return ev
	case signal:
		i.signal()
	case sweep:
		i.sweep(e)
	case arm:
		i.arm(e)
	case disarm:
		i.disarm(e.timer)
	case answer:
		i.publish()
		i.answer(e)
	case note:
		i.note(e)
	case drop:
		i.dropped = true
		if err := i.sup.Store.RemoveRecord(i.UUID); err != nil {
			i.logError("record", err)
		}
		i.sup.remove(i)
	}
	return nil
}

// spawn launches the app and tells the machine what came of it. It runs on the
// clerk's goroutine, while the instance's own one waits.
func (i *Instance) spawn(gen int) event {
	i.forgetLaunch()
	s := i.machine.spec
	if err := i.recordSpec(s); err != nil {
		i.logError("spec is not on record", err)
	}
	i.writeRecord()
	l, err := i.start(s, gen)
	if err != nil {
		return spawnFailed{gen, err}
	}
	i.launch, i.main = l, member{l.process.PID, l.process.Start}
	if err := l.process.WhenEnded(i.sup.Loop, func() { i.mail.put(processEnded{gen}) }); err != nil {
		// The daemon is ending; the process is left to the next one.
		i.logError("process is not watched", err)
	}
	if err := i.pidFile.write(s.PidPath(i.ID), l.process.PID); err != nil {
		i.logError("pid file", err)
	}
	return spawned{gen, l.process.PID}
}

// peek reads how the main process ended and leaves the zombie in place.
func (i *Instance) peek(gen int) {
	if i.launch == nil || i.launch.gen != gen || i.launch.process == nil {
		return
	}
	exit, ok, err := i.launch.process.Peek()
	if err != nil {
		i.logError("exit code", err)
		exit.Unknown, ok = true, true
	}
	if !ok {
		return
	}
	i.launch.exit = &exit
	i.handle(exited{gen, exit})
}

// reap lets the zombie of the current launch go.
func (i *Instance) reap() {
	l := i.launch
	if l == nil || l.process == nil || l.exit == nil {
		return
	}
	if err := l.process.Reap(); err != nil {
		i.logError("reap", err)
	}
	l.process.Close()
	l.process = nil
}

func (i *Instance) signal() {
	l := i.launch
	if l == nil || l.process == nil {
		return
	}
	i.remember() // who belongs to it, as long as the parent can tell
	send := l.process.Signal
	if i.machine.spec.Shell {
		// A shell that waits for its child does not act on a signal until the
		// child has ended, so the whole job gets it, as from a terminal.
		send = l.process.SignalGroup
	}
	_ = send(i.machine.spec.KillSignal.Number()) // gone already: its exit is on the way
}

func (i *Instance) arm(e arm) {
	i.disarm(e.timer)
	i.timers[e.timer] = time.AfterFunc(e.after, func() { i.mail.put(expired{e.gen, e.timer}) })
}

func (i *Instance) disarm(t timer) {
	if running := i.timers[t]; running != nil {
		running.Stop()
		delete(i.timers, t)
	}
}

// answer tells a waiter the outcome. The last words of a process that died are
// fetched beside, since the disk may be slow.
func (i *Instance) answer(e answer) {
	e.outcome.Status = i.Status()
	l := i.launch
	if l == nil || l.stderr == nil {
		e.to.done <- e.outcome
		return
	}
	switch {
	case e.outcome.Died:
		go func() {
			e.outcome.Stderr = l.lastWords(stderrLines)
			e.to.done <- e.outcome
		}()
	case e.to.goal != Up:
		go func() { // whoever stops an app may read its last words next
			l.settle()
			e.to.done <- e.outcome
		}()
	default:
		e.to.done <- e.outcome
	}
}

// note adds a line to the history, the log and the event stream.
func (i *Instance) note(n note) {
	m := i.machine
	ev := Event{
		Time: time.Now(), UUID: i.UUID, ID: i.ID, Name: m.spec.Name, Instance: i.Number,
		Kind: n.kind, State: m.state, PID: m.pid, Reason: n.reason,
	}
	if len(i.history) == historyLength {
		i.history = append(i.history[:0:0], i.history[1:]...)
	}
	i.history = append(i.history, ev)
	level := slog.LevelInfo
	if n.kind == "warning" || n.kind == "errored" || n.kind == "kill timeout" {
		level = slog.LevelWarn
	}
	attrs := []any{"app", m.spec.Name, "id", i.ID}
	if m.pid != 0 {
		attrs = append(attrs, "pid", m.pid)
	}
	if n.reason != "" {
		attrs = append(attrs, "reason", n.reason)
	}
	i.sup.clerk.do(func() { i.sup.Log.Log(i.sup.ctx, level, n.kind, attrs...) })
	i.sup.bus.publish(ev)
}

// publish makes the state visible to readers.
func (i *Instance) publish() {
	m := i.machine
	s := &Status{
		UUID: i.UUID, ID: i.ID, Instance: i.Number, Spec: m.spec, Want: m.want, State: m.state,
		Generation: m.gen, PID: m.pid, LaunchedAt: m.launchedAt, CreatedAt: m.createdAt,
		Restarts: m.restarts, Unstable: m.Unstable, Delay: m.delay, NotReady: m.notReady,
		AppStatus: i.appStatus, LastExit: m.lastExit, LastEnd: m.lastEnd, Events: i.history,
		started: i.main.start,
	}
	if i.launch != nil {
		s.Command = i.launch.command
	}
	i.status.Store(s)
}

// forgetLaunch lets go of the launch before, and of intakes whose pipes have
// ended; a grandchild may still hold one of the others.
func (i *Instance) forgetLaunch() {
	if i.launch != nil {
		i.launch.close()
	}
	i.launch, i.known, i.main, i.appStatus = nil, nil, member{}, ""
	open := i.intakes[:0]
	for _, in := range i.intakes {
		select {
		case <-in.Done():
		default:
			open = append(open, in)
		}
	}
	clear(i.intakes[len(open):])
	i.intakes = open
}

// leave ends an instance that was deleted.
func (i *Instance) leave() {
	for t := range i.timers {
		i.disarm(t)
	}
	i.forgetLaunch()
	i.drain()
	if i.notify != nil {
		i.notify.Close()
	}
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
	for _, in := range i.intakes {
		select {
		case <-in.Done():
		case <-ctx.Done():
			in.Close()
		}
	}
}

// refuse answers a command that came too late.
func refuse(msg any, s *Status) {
	if c, ok := msg.(command); ok && c.reply != nil {
		c.reply.done <- Outcome{Err: "it was deleted", Status: s}
	}
}

// record puts the instance on record.
func (i *Instance) record() { i.sup.clerk.do(i.writeRecord) }

// writeRecord runs on the clerk's goroutine. A failure is no reason to stop: it
// is logged once, until a record can be written again.
func (i *Instance) writeRecord() {
	m := i.machine
	r := &Record{
		Version: RecordVersion, UUID: i.UUID, ID: i.ID, Instance: i.Number, Name: m.spec.Name,
		Spec: i.specHash, BaseEnv: i.base.Load().Hash, Want: m.want, State: m.state, Generation: m.gen,
		LaunchedAt: m.launchedAt, CreatedAt: m.createdAt, Restarts: m.restarts, Unstable: m.Unstable,
		Backoff: m.Backoff, NotReady: m.notReady, Exit: m.lastExit, LastEnd: m.lastEnd, Notify: i.notifyPath,
	}
	if l := i.launch; l != nil && l.process != nil && l.exit == nil {
		r.Process = &l.process.Identity
		r.Pipes = l.pipes
		if l.wires.channel > 0 {
			r.Channel, r.ChannelCopy = fdChannel, fdChannelCopy
		}
	}
	i.sup.recordResult(i.sup.Store.WriteRecord(i.UUID, r))
}

// recordSpec stores the spec that is launched from now on.
func (i *Instance) recordSpec(s *spec.Spec) error {
	hash, err := i.sup.Store.PutContent(s)
	if err == nil {
		i.specHash = hash
	}
	return err
}

func (i *Instance) logError(what string, err error) {
	i.sup.Log.Error(what, "app", i.machine.spec.Name, "id", i.ID, "error", err)
}

// MemoryPeak returns the highest memory that was seen of the instance's tree,
// in bytes.
func (i *Instance) MemoryPeak() int64 { return i.peak.Load() }

// Label names the instance in messages: "api (id 3)".
func (i *Instance) Label() string {
	var b strings.Builder
	b.WriteString(i.Status().Spec.Name)
	b.WriteString(" (id ")
	b.WriteString(strconv.Itoa(i.ID))
	b.WriteString(")")
	return b.String()
}
