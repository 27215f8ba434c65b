package supervise

import (
	"context"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
)

// What is held by frozen instances is all that the next program needs: of those
// that run, of both launches of a reload, and nothing of those that are down.
func TestHeld(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	wired := r.one(r.app("wired", idle, func(s *spec.Spec) { s.IPC, s.Notify = true, true }))
	stopped := r.one(r.app("stopped", idle))
	r.act(stopped, "stop")
	held := r.request(Request{Spec: r.app("held", idle), Base: base(), Hold: true})[0]
	s := r.app("reloading", idle, overlapping)
	reloading := r.one(s)
	never := *s
	never.WaitReady, never.Notify, never.ListenTimeout, never.Script = true, true, spec.Duration(deadline), "echo new; read x"
	if _, err := r.Start(Request{Spec: &never, Base: base(), Existing: Renew, Cause: "test"}); err != nil {
		t.Fatal(err)
	}
	r.line(s.LogPath(s.OutFile, 0), "new")

	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if list := r.Held(); len(list) > 0 {
		t.Errorf("not frozen, and held is %+v", list)
	}
	thaw, thawLogs := r.freeze(ctx)
	got := make(map[string]string)
	for _, h := range r.Held() {
		got[h.Key] = fileNames(h)
		if h.PID == 0 || h.Reaped {
			t.Errorf("%+v", h)
		}
	}
	for key, want := range map[string]string{
		wired.key(1):     "channel err notify out pidfd",
		stopped.key(1):   "",
		held.key(1):      "",
		reloading.key(1): "err out pidfd",
		reloading.key(2): "err notify out pidfd",
	} {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
	// What comes in meanwhile is done afterwards.
	pending, err := wired.Act("restart", "test")
	if err != nil {
		t.Fatal(err)
	}
	if st := wired.Status(); st.State != Online || st.Generation != 1 {
		t.Errorf("%+v", st)
	}
	thawLogs()
	thaw()
	if o := r.outcome(pending); o.Err != "" || o.Status.Generation != 2 {
		t.Errorf("%+v", o)
	}
	if r.Held() != nil {
		t.Error("something is held after the thaw")
	}
}

// freeze makes instances and logs stand still.
func (r *rig) freeze(ctx context.Context) (thaw, thawLogs func()) {
	r.Helper()
	thaw = r.Freeze(ctx)
	thawLogs, err := r.Logs.Freeze(ctx)
	if err != nil {
		r.Fatal(err)
	}
	return thaw, thawLogs
}

// A program that takes the place of another goes on with the very descriptors
// that Held names.
func TestAdoptHeld(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", echo, func(s *spec.Spec) { s.IPC, s.Notify = true, true })
	i := r.one(s)
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	thaw, thawLogs := r.freeze(ctx)
	var inherited []keeper.Held
	copies := &holder{TB: t}
	for _, h := range r.Held() {
		for n := range h.Files {
			h.Files[n].FD = copies.duplicate(h.Files[n].FD)
		}
		inherited = append(inherited, h)
	}
	thawLogs()
	thaw()
	r.die()
	n := r.next(func(l *left) { l.held = inherited })
	if st := n.only().Status(); st.PID != i.Status().PID || st.State != Online {
		t.Errorf("%+v", st)
	}
	n.say(i.Status().PID, "goes on")
	n.line(s.LogPath(s.OutFile, 0), "goes on")
	n.act(n.only(), "stop")
}

// The last words of an instance that was deleted are waited for: whoever goes on
// knows nothing of it.
func TestFreezeWaitsForTheDeleted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", idle))
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	thawLogs, err := r.Logs.Freeze(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r.act(i, "delete")
	frozen := make(chan struct{})
	go func() {
		defer close(frozen)
		r.Freeze(ctx)()
	}()
	select {
	case <-frozen:
		t.Error("it did not wait")
	case <-time.After(50 * time.Millisecond):
	}
	thawLogs()
	receiveClosed(t, frozen)
	receiveClosed(t, i.Gone())
}
