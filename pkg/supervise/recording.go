package supervise

import (
	"cmp"
	"slices"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// content is what an instance's record refers to by hash, and holds in the store.
type content struct {
	specs    []heldSpec
	base     *BaseEnv
	baseHash string
	err      error // of storing one of them
}

type heldSpec struct {
	spec *spec.Spec
	hash string
}

// hash returns the hash of a spec that is held, "" for another.
func (c *content) hash(s *spec.Spec) string {
	for _, h := range c.specs {
		if h.spec == s {
			return h.hash
		}
	}
	return ""
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
	*c = content{base: base}
	put := func(v any) string {
		hash, err := i.sup.Store.PutContent(v)
		c.err = cmp.Or(c.err, err)
		return hash
	}
	for _, s := range specs {
		c.specs = append(c.specs, heldSpec{s, put(s)})
	}
	c.baseHash = put(base.Vars)
	i.release(old)
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

func (i *Instance) releaseContent() { i.release(i.content) }

func (i *Instance) release(c content) {
	hashes := []string{c.baseHash}
	for _, h := range c.specs {
		hashes = append(hashes, h.hash)
	}
	for _, h := range hashes {
		if h != "" {
			if err := i.sup.Store.ReleaseContent(h); err != nil {
				i.logError("stored content", err)
			}
		}
	}
}

// record puts the instance on record, unless that has been done since the
// machine's last step. A failure is no reason to stop: it is tried again. A record without its spec is as good as none.
func (i *Instance) record() {
	if i.recorded {
		return
	}
	m, c := i.machine, &i.content
	r := m.record(c.hash)
	r.UUID, r.ID, r.Instance, r.BaseEnv = i.UUID, i.ID, i.Number, c.baseHash
	r.RecordedLaunch = i.find(m.gen).recorded(m.launchedAt)
	for n := range r.Beside {
		b := &r.Beside[n]
		b.RecordedLaunch = i.find(b.Generation).recorded(b.LaunchedAt)
	}
	err := cmp.Or(i.sup.Store.WriteRecord(i.UUID, r), c.err)
	i.recorded = err == nil
	i.sup.saved(i.UUID, err)
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
func (l *launch) recorded(at time.Time) (r RecordedLaunch) {
	r.LaunchedAt = at
	if l == nil || l.process == nil || l.exit != nil {
		return r
	}
	r.Process = &l.process.Identity
	r.Pipes = l.pipes
	r.Notify = l.wires.notify
	r.Signalled = l.signalled
	if l.wires.channel > 0 {
		r.Channel, r.ChannelCopy = fdChannel, fdChannelCopy
	}
	return r
}
