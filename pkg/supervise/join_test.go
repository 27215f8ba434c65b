package supervise

import (
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// A request that is made again does what is missing and leaves what was done.
func TestRequestMadeAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := func(change ...func(*spec.Spec)) *spec.Spec {
		return r.app("app", idle, append(change, func(s *spec.Spec) { s.Instances = 2 })...)
	}
	before := time.Now()
	r.request(Request{Spec: app(), Base: base(), Existing: Restart})
	after := time.Now()
	first, second := r.App("app")[0], r.App("app")[1]
	for _, again := range []struct {
		what     string
		request  Request
		touched  int
		restarts int // of the first instance
	}{
		{"restart", Request{Spec: app(), Existing: Restart, Since: before}, 2, 0},
		{"reload", Request{Spec: app(), Existing: Renew, Since: before}, 2, 0},
		{"keep", Request{Spec: app(), Existing: Keep, Since: before}, 2, 0},
		{"asked for later", Request{Spec: app(), Existing: Keep, Since: after}, 0, 0},
		{"another spec", Request{Spec: app(func(s *spec.Spec) { s.MaxRestarts = 7 }), Existing: Restart, Since: before}, 2, 1},
		{"later", Request{Spec: app(), Existing: Restart, Since: time.Now()}, 2, 2},
	} {
		again.request.Base = base()
		touched := r.request(again.request)
		st := first.Status()
		if len(touched) != again.touched || st.Restarts != again.restarts {
			t.Errorf("%s: %d instances touched, %d restarts", again.what, len(touched), st.Restarts)
		}
	}
	since := time.Now()
	r.act(first, "restart")
	r.act(second, "delete")
	r.request(Request{Spec: app(), Base: base(), Existing: Restart, Since: since})
	if st := first.Status(); st.Restarts != 3 || r.numbers("app") != "0:0 2:1" {
		t.Errorf("%d restarts, there are %s", st.Restarts, r.numbers("app"))
	}
}

// Who was launched by the restart policy has not been restarted by a command, and
// who was told to do so and is not down yet has been.
func TestBroughtUp(t *testing.T) {
	t.Parallel()
	now := time.Now()
	old := now.Add(-time.Hour)
	for what, c := range map[string]struct {
		status Status
		want   bool
	}{
		"long ago":           {Status{CreatedAt: old, LaunchedAt: old, State: Online, Want: Up}, false},
		"by the policy":      {Status{CreatedAt: old, LaunchedAt: now, State: Online, Want: Up}, false},
		"never":              {Status{CreatedAt: now, State: Stopped, Want: Up}, false},
		"now":                {Status{CreatedAt: now, LaunchedAt: now, State: Launching, Want: Up}, true},
		"and ended":          {Status{CreatedAt: now, LaunchedAt: now, State: Errored, Want: Down}, true},
		"is being restarted": {Status{CreatedAt: now, LaunchedAt: old, State: Stopping, Want: Up}, true},
		"is being stopped":   {Status{CreatedAt: now, LaunchedAt: old, State: Stopping, Want: Down}, false},
	} {
		if got := c.status.broughtUp(now); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
		if c.status.broughtUp(time.Time{}) {
			t.Errorf("%s: at the first attempt", what)
		}
	}
}
