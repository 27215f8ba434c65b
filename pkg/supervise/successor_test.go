package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
)

// die ends a Supervisor as kill -9 does: its loops and instances stop where they
// are, what is on record stays, and the processes notice nothing.
func (r *rig) die() {
	r.Helper()
	r.dead = true
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	r.Loop.Close()
	thaw := r.Freeze(ctx)
	if ctx.Err() != nil {
		r.Fatal("an instance does not stand still")
	}
	r.Logs.Close()
	if err := errors.Join(receive(r, r.exitsDone), receive(r, r.logsDone)); err != nil {
		r.Error(err)
	}
	r.Close()
	list := r.Instances()
	for _, i := range list {
		for t := range i.timers {
			i.disarm(t)
		}
		i.mail.close()
		close(i.mail.wake)
	}
	thaw()
	r.Wait()
	for _, i := range list {
		for _, l := range append([]*launch{i.launch}, i.others...) {
			if l != nil {
				l.abandon()
			}
		}
	}
}

// abandon closes the descriptors of a launch, as the end of the process would.
func (l *launch) abandon() {
	if l.process != nil {
		l.process.Close()
	}
	if l.channel != nil {
		l.channel.Close()
	}
	if l.notify != nil {
		closeFD(l.notify.Descriptor()) // its path stays
	}
}

// left is what a Supervisor that has died leaves to the next one.
type left struct {
	list   []Restored
	held   []keeper.Held
	strays []keeper.Stray
}

// leaves returns what is on record.
func (r *rig) leaves() left {
	r.Helper()
	last := make(map[string]*Record)
	for _, rec := range r.ledger.all() {
		data, err := json.Marshal(rec) // what is not in the file is forgotten
		if err == nil {
			last[rec.UUID] = &Record{}
			err = json.Unmarshal(data, last[rec.UUID])
		}
		if err != nil {
			r.Fatal(err)
		}
	}
	for _, uuid := range r.ledger.gone() {
		delete(last, uuid)
	}
	var all left
	for _, uuid := range slices.Sorted(maps.Keys(last)) {
		rec := last[uuid]
		one := Restored{Record: rec, Spec: r.specOf(rec.Spec), Next: r.specOf(rec.Next), Base: &BaseEnv{}}
		if err := json.Unmarshal([]byte(r.ledger.text(rec.BaseEnv)), &one.Base.Vars); err != nil {
			r.Fatal(err)
		}
		for _, b := range rec.Beside {
			one.Beside = append(one.Beside, r.specOf(b.Spec))
		}
		all.list = append(all.list, one)
	}
	return all
}

func (r *rig) specOf(hash string) *spec.Spec {
	if hash == "" {
		return nil
	}
	s := &spec.Spec{}
	if err := json.Unmarshal([]byte(r.ledger.text(hash)), s); err != nil {
		r.Fatal(err)
	}
	return s
}

// next is the Supervisor that takes over from one that has died. change changes
// what that one has left.
func (r *rig) next(change ...func(*left)) *rig {
	r.Helper()
	n, err := r.successor(change...)
	if err != nil {
		r.Fatalf("not all could be taken over: %v\n%s", err, n.journal)
	}
	return n
}

// successor is next where not all can be taken over.
func (r *rig) successor(change ...func(*left)) (*rig, error) {
	r.Helper()
	var k Keeper
	from := r.leaves()
	if h, ok := r.Keeper.(*holder); ok {
		k, from.held = h, h.hand()
	}
	for _, c := range change {
		c(&from)
	}
	n := &rig{TB: r.TB, dir: r.dir, ledger: r.ledger, journal: &journal{}}
	n.serve(r.HomeID, k)
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	done := 0
	err := n.Adopt(ctx, from.list, from.held, func() []keeper.Stray { return from.strays }, func(n int) { done = n })
	if done != len(from.list) {
		r.Errorf("%d of %d are said to be done", done, len(from.list))
	}
	return n, err
}

// recorded waits until the record of an instance is as it should be.
func (r *rig) recorded(uuid string, ok func(Record) bool) {
	r.Helper()
	done := make(chan struct{}, 1)
	r.ledger.follow(func(rec Record) {
		if rec.UUID == uuid && ok(rec) {
			select {
			case done <- struct{}{}:
			default:
			}
		}
	})
	receive(r, done)
	r.ledger.follow(nil)
	// What belongs to the same step is done as well, when something else is.
	if i := r.byUUID(uuid); i != nil {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		if err := answered(ctx, i.ask(func() error { return nil })); err != nil && !errors.Is(err, ErrDeleted) {
			r.Fatal(err)
		}
	}
}

// only is the instance of a Supervisor that has one.
func (r *rig) only() *Instance {
	r.Helper()
	list := r.Instances()
	if len(list) != 1 {
		r.Fatalf("there are %d instances", len(list))
	}
	return list[0]
}

// reason is what the last event of a kind says.
func reason(t testing.TB, i *Instance, kind string) string {
	t.Helper()
	for _, e := range slices.Backward(i.Status().Events) {
		if e.Kind == kind {
			return e.Reason
		}
	}
	t.Fatalf("there is no %s among %+v", kind, i.Status().Events)
	return ""
}

// echo says each line that it is told, after up.
const echo = `echo up; while read x; do echo "$x"; done`

// kept runs a test with and without a keeper.
func kept(t *testing.T, test func(*rig)) {
	t.Run("kept", func(t *testing.T) { t.Parallel(); test(newKeptRig(t, newHolder(t))) })
	t.Run("alone", func(t *testing.T) { t.Parallel(); test(newRig(t)) })
}
