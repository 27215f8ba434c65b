package supervise

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/leadmaster/hub/pkg/spec"
)

// What is counted on is what an instance really keeps open. Not parallel, as
// other tests open descriptors too.
func TestDescriptorsOfAnInstance(t *testing.T) {
	for name, change := range map[string]func(*spec.Spec){
		"plain":           func(*spec.Spec) {},
		"channel":         func(s *spec.Spec) { s.IPC = true },
		"notify":          func(s *spec.Spec) { s.Notify = true },
		"all in one file": func(s *spec.Spec) { s.LogFile = filepath.Join(s.Cwd, "all.log") },
		"sockets": func(s *spec.Spec) {
			s.Listen = []spec.Listener{{Address: "unix:" + s.Cwd + "/a"}, {Address: "unix:" + s.Cwd + "/b"}}
		},
		"no logs": func(s *spec.Spec) { s.DisableLogs = true },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			before := openDescriptors(0)
			s := r.app("app", "exec sleep 1000", change)
			r.start(s)
			if got, want := openDescriptors(0)-before, descriptors(s, 1); got != want {
				t.Errorf("%d descriptors were opened, %d are counted on", got, want)
			}
		})
	}
}

func TestDescriptors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		spec spec.Spec
		n    int
		want int
	}{
		{spec.Spec{}, 2, 10},
		{spec.Spec{MergeLogs: true}, 2, 8},
		{spec.Spec{MergeLogs: true}, 0, 0},
		{spec.Spec{MergeLogs: true, Listen: make([]spec.Listener, 3)}, 2, 11},
		{spec.Spec{Listen: make([]spec.Listener, 3)}, 1, 8},
		{spec.Spec{Listen: make([]spec.Listener, 3)}, 0, 0},
		{spec.Spec{DisableLogs: true}, 2, 6},
		{spec.Spec{IPC: true, Notify: true, LogFile: "/all.log"}, 1, mostDescriptors},
	} {
		if got := descriptors(&test.spec, test.n); got != test.want {
			t.Errorf("%d of %+v: %d, want %d", test.n, test.spec, got, test.want)
		}
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.start(r.app("here", idle, func(s *spec.Spec) { s.Instances = 2 }))
	here := func(n int) *spec.Spec { return r.app("here", idle, func(s *spec.Spec) { s.Instances = n }) }
	other := func(n int) *spec.Spec { return r.app("other", idle, func(s *spec.Spec) { s.Instances = n }) }
	// Far more than all tests of this process have open, and no room for 1,000.
	const limit = 4096
	for name, test := range map[string]struct {
		requests  []Request
		instances int // that are refused; 0: there is room
	}{
		"few":             {[]Request{{Spec: other(10)}}, 0},
		"many":            {[]Request{{Spec: other(1000)}}, 1000},
		"many in all":     {[]Request{{Spec: other(500)}, {Spec: here(502)}}, 500},
		"held":            {[]Request{{Spec: other(1000), Hold: true}}, 0},
		"those that run":  {[]Request{{Spec: here(1000)}}, 998},
		"what is missing": {[]Request{{Spec: here(1000), Existing: Keep}}, 998},
		"some of them":    {[]Request{{Spec: here(5000), IDs: []int{1}}}, 0},
		"further ones":    {[]Request{{Spec: here(1000), Existing: Add}}, 1000},
	} {
		err := r.roomFor(limit, test.requests...)
		full, refused := errors.AsType[*NoRoom](err)
		switch {
		case err == nil && test.instances == 0:
		case !refused || full.Instances != test.instances || full.Need <= full.Left || full.Limit != limit:
			t.Errorf("%s: %v, want %d instances refused", name, err, test.instances)
		}
	}
	// A restart needs nothing new, even where nothing is left.
	if err := r.roomFor(1, Request{Spec: here(2), Existing: Restart}); err != nil {
		t.Error(err)
	}
	// Nor does that of one that runs need anything for another that is down.
	r.act(r.App("here")[1], "stop")
	if err := r.roomFor(1, Request{Spec: here(2), IDs: []int{0}}); err != nil {
		t.Error(err)
	}
	if err := r.roomFor(1, Request{Spec: here(2), IDs: []int{1}}); err == nil {
		t.Error("there was room for one that is down")
	}
}

func (r *rig) roomFor(limit int, requests ...Request) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	plans, err := r.plans(requests)
	if err != nil {
		r.Fatal(err)
	}
	return r.room(limit, plans)
}

func BenchmarkRoom(b *testing.B) {
	r := newRig(b)
	for n := range 1000 {
		r.hold(fmt.Sprint("app", n), "default", 1)
	}
	request := Request{Spec: testSpec()}
	for name, limit := range map[string]int{"far": 1 << 20, "near": 1000*5 + 1000} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := r.roomFor(limit, request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
