package supervise

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// stderrLines is how many lines of stderr the answer to a failed start shows.
const stderrLines = 10

// answer tells a waiter the outcome. The last words of an app are waited for
// beside, since the disk may be slow.
func (i *Instance) answer(e answer) {
	e.outcome.Status = i.Status()
	l := i.launch
	switch {
	case l == nil || l.stderr == nil || e.to.goal == Up && !e.outcome.Died:
		e.to.done <- e.outcome
	case e.outcome.Died:
		go func() {
			e.outcome.Stderr = l.lastWords(stderrLines)
			e.to.done <- e.outcome
		}()
	default:
		go func() { // whoever stops an app may read its last words next
			_ = l.settle() // a full disk is said elsewhere
			e.to.done <- e.outcome
		}()
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
	i.sup.Log.Log(i.sup.ctx, level, n.kind, attrs...)
	// Seen in the history before it is heard of: who subscribes and then reads
	// the history misses nothing.
	i.publish()
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

// content is what an instance's record refers to by hash, and holds in the store.
type content struct {
	spec, next                   *spec.Spec
	base                         *BaseEnv
	specHash, nextHash, baseHash string
	err                          error // of storing one of them
}

// recordContent stores the specs and the environment that the instance has now,
// if they are not those that are stored.
func (i *Instance) recordContent() {
	m, c, base := i.machine, &i.content, i.base.Load()
	if c.spec == m.spec && c.next == m.next && c.base == base && c.err == nil {
		return
	}
	aside(func() {
		old := *c
		*c = content{spec: m.spec, next: m.next, base: base}
		store := i.sup.Store
		put := func(v any) string {
			hash, err := store.PutContent(v)
			c.err = cmp.Or(c.err, err)
			return hash
		}
		c.specHash, c.baseHash = put(m.spec), put(base.Vars)
		if m.next != nil {
			c.nextHash = put(m.next)
		}
		i.release(old)
	})
}

func (i *Instance) releaseContent() { i.release(i.content) }

func (i *Instance) release(c content) {
	for _, h := range []string{c.specHash, c.nextHash, c.baseHash} {
		if h != "" {
			if err := i.sup.Store.ReleaseContent(h); err != nil {
				i.logError("stored content", err)
			}
		}
	}
}

// record puts the instance on record.
func (i *Instance) record() { aside(i.writeRecord) }

// writeRecord writes the record. A failure is no reason to stop: it is logged
// once, until a record can be written again. A record without its spec is as
// good as none.
func (i *Instance) writeRecord() {
	m := i.machine
	r := &Record{
		Version: RecordVersion, UUID: i.UUID, ID: i.ID, Instance: i.Number, Name: m.spec.Name,
		Spec: i.content.specHash, Next: i.content.nextHash, BaseEnv: i.content.baseHash,
		Want: m.want, State: m.state, Generation: m.gen,
		LaunchedAt: m.launchedAt, CreatedAt: m.createdAt, Restarts: m.restarts, Unstable: m.Unstable,
		Backoff: m.Backoff, NotReady: m.notReady, Exit: m.lastExit, LastEnd: m.lastEnd,
	}
	if l := i.launch; l != nil && l.process != nil && l.exit == nil {
		r.Process = &l.process.Identity
		r.Pipes = l.pipes
		r.Notify = l.wires.notify
		if l.wires.channel > 0 {
			r.Channel, r.ChannelCopy = fdChannel, fdChannelCopy
		}
	}
	i.sup.recordResult(cmp.Or(i.sup.Store.WriteRecord(i.UUID, r), i.content.err))
}

func (i *Instance) logError(what string, err error) {
	i.sup.Log.Error(what, "app", i.machine.spec.Name, "id", i.ID, "error", err)
}
