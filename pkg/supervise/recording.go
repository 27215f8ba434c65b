package supervise

import (
	"cmp"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
)

// content is what an instance's record refers to by hash, and holds in the store.
type content struct {
	specs    []heldSpec
	base     *BaseEnv
	baseHash string
	err      error // of storing one of them
	// stale are hashes that only the record on disk refers to: they are released
	// when another one has taken its place.
	stale []string
	// spec and env stand in for what can't be stored: the hashes in the last record
	// that had all of its own.
	spec, env string
}

type heldSpec struct {
	spec *spec.Spec
	hash string
}

// hash returns the hash of a spec that is held, "" for nil. An older one stands in
// for a spec that can't be stored: a record without would be as good as none.
func (c *content) hash(s *spec.Spec) string {
	if s == nil {
		return ""
	}
	for _, h := range c.specs {
		if h.spec == s && h.hash != "" {
			return h.hash
		}
	}
	return c.spec
}

// recordContent stores the specs and the environment that the instance has now,
// if they are not those that are stored.
func (i *Instance) recordContent() {
	m, c, base := i.machine, &i.content, i.base.Load()
	var room [4]*spec.Spec
	specs := m.specs(room[:0])
	same := slices.EqualFunc(specs, c.specs, func(s *spec.Spec, h heldSpec) bool { return s == h.spec })
	if same && c.base == base && c.err == nil {
		return
	}
	old := *c
	*c = content{base: base, spec: old.spec, env: old.env, stale: old.stale}
	put := func(v any) string {
		hash, err := i.sup.Store.PutContent(v)
		c.err = cmp.Or(c.err, err)
		return hash
	}
	for _, s := range specs {
		c.specs = append(c.specs, heldSpec{s, put(s)})
	}
	c.baseHash = put(base.Vars)
	i.recorded = false
	if len(c.stale) > 0 { // old has never been on record
		i.release(old.hashes())
	} else {
		c.stale = old.hashes()
	}
}

// specs appends the specs that the machine works with, each once.
func (m *machine) specs(to []*spec.Spec) []*spec.Spec {
	add := func(s *spec.Spec) {
		if s != nil && !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	add(m.spec)
	add(m.next)
	if m.candidate != nil {
		add(m.candidate.spec)
	}
	for _, b := range m.outgoing {
		add(b.spec)
	}
	return to
}

// hashes are those of everything that is held.
func (c *content) hashes() (list []string) {
	for _, h := range c.specs {
		list = append(list, h.hash)
	}
	list = append(list, c.baseHash)
	return slices.DeleteFunc(list, func(hash string) bool { return hash == "" })
}

// releaseContent lets go of all, when there is no record any more.
func (i *Instance) releaseContent() {
	i.release(append(i.content.hashes(), i.content.stale...))
	i.content = content{}
}

func (i *Instance) release(hashes []string) {
	for _, h := range hashes {
		if err := i.sup.Store.ReleaseContent(h); err != nil {
			i.logError("stored content", err)
		}
	}
}

// record puts the instance on record, unless that has been done since the
// machine's last step. A failure is no reason to stop: it is tried again.
func (i *Instance) record() {
	if i.recorded {
		return
	}
	m, c := i.machine, &i.content
	r := m.record(c.hash)
	r.UUID, r.ID, r.Instance, r.BaseEnv = i.UUID, i.ID, i.Number, cmp.Or(c.baseHash, c.env)
	r.RecordedLaunch = i.find(m.gen).recorded(m.launchedAt, i.sup.Boot)
	for n := range r.Beside {
		b := &r.Beside[n]
		b.RecordedLaunch = i.find(b.Generation).recorded(b.LaunchedAt, i.sup.Boot)
	}
	r.MemoryPeak, r.Events = i.peak.Load(), past(i.history, pastRoom-len(r.Status)-len(r.LastEnd))
	err := cmp.Or(i.sup.Store.WriteRecord(i.UUID, r), c.err)
	i.recorded = err == nil
	i.sup.saved(i.UUID, err)
	if i.recorded {
		// Not before: whoever comes after a kill has only what the record names.
		c.spec, c.env = r.Spec, r.BaseEnv
		i.release(c.stale)
		c.stale = nil
	}
}

// record is what a record says of the machine; hash names a spec.
func (m *machine) record(hash func(*spec.Spec) string) *Record {
	r := &Record{
		Version: RecordVersion, Name: m.spec.Name, Spec: hash(m.spec), Next: hash(m.next),
		Want: m.want, State: m.state, Generation: m.gen, Launches: m.launches,
		CreatedAt: m.createdAt, Restarts: m.restarts, Unstable: m.Unstable,
		Backoff: m.Backoff, NotReady: m.notReady, Exit: m.lastExit, LastEnd: m.lastEnd,
	}
	if m.state == Waiting {
		r.Due = &m.due
	}
	beside := func(b *beside, candidate bool) {
		l := RecordedBeside{Generation: b.gen, Spec: hash(b.spec), Candidate: candidate}
		l.LaunchedAt = b.launchedAt
		r.Beside = append(r.Beside, l)
	}
	if m.candidate != nil {
		beside(m.candidate, true)
	}
	for _, b := range m.outgoing {
		beside(b, false)
	}
	return r
}

// restoredMachine is the machine of a record, before it knows what has become of
// its launches.
func restoredMachine(r *Record, current, next *spec.Spec) *machine {
	return &machine{
		spec: current, next: next, want: r.Want, state: r.State, launches: max(r.Launches, r.Generation), gen: r.Generation,
		launchedAt: r.LaunchedAt, createdAt: r.CreatedAt, restarts: r.Restarts,
		counters: counters{Unstable: r.Unstable, Backoff: r.Backoff}, notReady: r.NotReady,
		lastExit: r.Exit, lastEnd: r.LastEnd,
	}
}

// recorded is what a record says of the launch. There may be none yet.
func (l *launch) recorded(at time.Time, boot string) (r RecordedLaunch) {
	r.LaunchedAt = at
	if l == nil {
		return r
	}
	r.Grouped = l.grouped
	if l.process == nil || l.exit != nil {
		if l.ended != 0 {
			r.Main, r.Ended = &proc.Identity{PID: l.main.pid, Start: l.main.start, Boot: boot}, l.ended
		}
		return r
	}
	r.Process = &l.process.Identity
	r.Pipes = l.pipes
	r.Notify = l.wires.notify
	r.Signalled = l.signalled
	if len(l.appStatus) <= pastRoom/2 {
		r.Status = l.appStatus
	}
	if l.wires.channel > 0 {
		r.Channel, r.ChannelCopy = l.wires.channel, l.wires.channel+1
	}
	return r
}
