package supervise

import (
	"cmp"
	"slices"

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
// machine's last step. A failure is no reason to stop: it is logged once, until a
// record can be written again. A record without its spec is as good as none.
func (i *Instance) record() {
	if i.recorded {
		return
	}
	i.recorded = true
	m, c := i.machine, &i.content
	r := &Record{
		Version: RecordVersion, UUID: i.UUID, ID: i.ID, Instance: i.Number, Name: m.spec.Name,
		Spec: c.hash(m.spec), Next: c.hash(m.next), BaseEnv: c.baseHash,
		Want: m.want, State: m.state, Generation: m.gen, Launches: m.launches, RecordedLaunch: i.find(m.gen).recorded(),
		CreatedAt: m.createdAt, Restarts: m.restarts, Unstable: m.Unstable,
		Backoff: m.Backoff, NotReady: m.notReady, Exit: m.lastExit, LastEnd: m.lastEnd,
	}
	r.LaunchedAt = m.launchedAt
	beside := func(b *beside, candidate bool) {
		l := RecordedBeside{Generation: b.gen, Spec: c.hash(b.spec), Candidate: candidate, RecordedLaunch: i.find(b.gen).recorded()}
		l.LaunchedAt = b.launchedAt
		r.Beside = append(r.Beside, l)
	}
	if m.candidate != nil {
		beside(m.candidate, true)
	}
	for _, b := range m.outgoing {
		beside(b, false)
	}
	i.sup.recordResult(cmp.Or(i.sup.Store.WriteRecord(i.UUID, r), c.err))
}

// recorded is what a record says of the launch. There may be none yet.
func (l *launch) recorded() (r RecordedLaunch) {
	if l == nil || l.process == nil || l.exit != nil {
		return r
	}
	r.Process = &l.process.Identity
	r.Pipes = l.pipes
	r.Notify = l.wires.notify
	if l.wires.channel > 0 {
		r.Channel, r.ChannelCopy = fdChannel, fdChannelCopy
	}
	return r
}
