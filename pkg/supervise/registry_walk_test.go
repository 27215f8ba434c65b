package supervise

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// registryWalk sends random commands to a Supervisor with real processes, most
// of them while others are under way, and keeps a model of what must come of
// them.
type registryWalk struct {
	*rig
	rng     *rand.Rand
	model   map[string]map[int]Want // by app and number
	pending []*Pending
	history []string
}

func TestRegistryWalk(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &registryWalk{rig: newRig(t), rng: rand.New(rand.NewPCG(seed, 2)), model: make(map[string]map[int]Want)}
			for step := range 120 {
				w.command()
				w.oneProcessEach()
				if step%8 == 7 {
					w.settle()
				}
			}
			w.settle()
		})
	}
}

func (w *registryWalk) command() {
	w.Helper()
	name := []string{"a", "b", "c"}[w.rng.IntN(3)]
	app := w.model[name]
	switch w.rng.IntN(8) {
	case 0:
		w.start(name, 1+w.rng.IntN(4))
	case 1, 2:
		w.scale(name, w.rng.IntN(5))
	case 3:
		if len(app) > 0 {
			w.signal(w.any(name))
		}
	default:
		if len(app) > 0 {
			w.act(w.any(name), []string{"start", "restart", "stop", "delete", "reset"}[w.rng.IntN(5)])
		}
	}
}

func (w *registryWalk) did(format string, args ...any) {
	w.history = append(w.history, fmt.Sprintf(format, args...))
}

// any returns an instance of an app.
func (w *registryWalk) any(name string) *Instance {
	list := w.App(name)
	return list[w.rng.IntN(len(list))]
}

func (w *registryWalk) start(name string, instances int) {
	w.Helper()
	w.did("start %s %d", name, instances)
	s := w.app(name, "", func(s *spec.Spec) {
		s.Interpreter, s.InterpreterArgs, s.Script, s.Args = "none", nil, "/bin/sleep", []string{"1000"}
		s.Instances, s.KillTimeout = instances, spec.Duration(deadline)
	})
	pending, err := w.Start(Request{Spec: s, Base: base(), Existing: Restart, Cause: "walk"})
	if err != nil {
		w.Fatal(err)
	}
	w.pending = append(w.pending, pending...)
	app := w.resized(name, instances)
	for number := range app {
		app[number] = Up
	}
}

func (w *registryWalk) scale(name string, n int) {
	w.Helper()
	w.did("scale %s %d", name, n)
	have := len(w.model[name])
	pending, err := w.Scale(context.Background(), name, func(seen int) (int, error) {
		if seen != have {
			w.Errorf("%s: %d instances, the model has %d\n%s", name, seen, have, w.last())
		}
		return n, nil
	}, time.Time{}, "walk")
	if failed := err != nil; failed != (have == 0 || have == n) {
		w.Fatalf("scale %s from %d to %d: %v", name, have, n, err)
	}
	w.pending = append(w.pending, pending...)
	if have == 0 {
		return
	}
	w.resized(name, n)
	for _, i := range w.App(name) {
		if got := i.Status().Spec.Instances; have != n && got != n {
			w.Errorf("%s %d says that there are %d instances, not %d\n%s", name, i.Number, got, n, w.last())
		}
	}
}

// resized brings the model of an app to n instances: the highest go, the lowest
// free numbers come.
func (w *registryWalk) resized(name string, n int) map[int]Want {
	app := w.model[name]
	if app == nil {
		app = make(map[int]Want)
		w.model[name] = app
	}
	for len(app) > n {
		delete(app, slices.Max(slices.Collect(maps.Keys(app))))
	}
	for number := 0; len(app) < n; number++ {
		if app[number] == "" {
			app[number] = Up
		}
	}
	return app
}

func (w *registryWalk) act(i *Instance, action string) {
	w.Helper()
	name := i.Status().Spec.Name
	w.did("%s %s %d", action, name, i.Number)
	p, err := i.Act(action, "walk")
	if err != nil {
		w.Fatal(err)
	}
	w.pending = append(w.pending, p)
	switch action {
	case "start", "restart":
		w.model[name][i.Number] = Up
	case "stop":
		w.model[name][i.Number] = Down
	case "delete":
		delete(w.model[name], i.Number)
	}
}

// signal lets an app crash, or does nothing to it.
func (w *registryWalk) signal(i *Instance) {
	sig := []unix.Signal{unix.SIGKILL, unix.SIGCONT}[w.rng.IntN(2)]
	w.did("%v to %s %d", sig, i.Status().Spec.Name, i.Number)
	_ = i.Signal(context.Background(), sig, "walk") // it may be down
}

func (w *registryWalk) last() string {
	return strings.Join(w.history[max(0, len(w.history)-20):], "\n")
}

// oneProcessEach: at no time do two processes of an instance run.
func (w *registryWalk) oneProcessEach() (running map[string]int) {
	w.Helper()
	c, err := w.census(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	running = make(map[string]int)
	for uuid, list := range c.claimed {
		if len(list) > 1 {
			w.Errorf("%d processes of %s at once\n%s", len(list), uuid, w.last())
		}
		running[uuid] = len(list)
	}
	return running
}

// settle waits for all outcomes and holds what there is against the model.
func (w *registryWalk) settle() {
	w.Helper()
	for _, p := range w.pending {
		o := w.outcome(p)
		if o.Err != "" && !strings.HasPrefix(o.Err, "superseded") && !strings.Contains(o.Err, "deleted") && !strings.Contains(o.Err, "killed by SIGKILL") {
			w.Errorf("%s %d: %s\n%s", p.Instance.Status().Spec.Name, p.Instance.Number, o.Err, w.last())
		}
	}
	w.pending = nil
	// A crash is nobody's command: nobody was told what came of it.
	wrong := w.differs()
	for until := time.Now().Add(deadline); wrong != "" && time.Now().Before(until); {
		wrong = w.differs()
	}
	if wrong != "" {
		w.Fatalf("%s\n%s", wrong, w.last())
	}
}

// differs returns in what the instances that there are differ from the model.
func (w *registryWalk) differs() string {
	w.Helper()
	running, known := w.oneProcessEach(), 0
	for name, app := range w.model {
		list := w.App(name)
		if len(list) != len(app) {
			return fmt.Sprintf("%s: %d instances, want %v", name, len(list), app)
		}
		for _, i := range list {
			known++
			st, want, processes := i.Status(), app[i.Number], 0
			if want == Up {
				processes = 1
			}
			if st.Want != want || want == Down && st.State != Stopped || running[i.UUID] != processes {
				return fmt.Sprintf("%s %d is %s and wants %s, with %d processes; want %q", name, i.Number, st.State, st.Want, running[i.UUID], want)
			}
		}
	}
	if all := w.Instances(); len(all) != known {
		return fmt.Sprintf("%d instances, %d in the model", len(all), known)
	}
	return ""
}
