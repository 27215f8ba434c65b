package supervise

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// world is a model of what the host does for a machine: it forks, kills and
// finds, with delays that the walk chooses, and it watches the invariants.
type world struct {
	*bench
	rng     *rand.Rand
	running []int // generations whose main process lives, the oldest first
	overlap bool  // two may run at once
	sweeps  []sweep
	open    map[*waiter]bool
	history []string
}

func (w *world) fail(t *testing.T, format string, args ...any) {
	t.Helper()
	t.Fatalf("%s\nstate: %s\nlast events:\n%s", fmt.Sprintf(format, args...), w.state(), strings.Join(w.history[max(0, len(w.history)-30):], "\n"))
}

func (w *world) event(t *testing.T, ev event) {
	t.Helper()
	w.history = append(w.history, fmt.Sprintf("%T%+v", ev, ev))
	for _, e := range w.m.step(w.now, ev) {
		w.history = append(w.history, fmt.Sprintf("    %T%+v", e, e))
		w.effect(t, e)
	}
	current := slices.Contains(w.running, w.m.gen)
	if w.m.state == Online && !current {
		w.fail(t, "online without a process of its generation")
	}
	if (w.m.state == Stopped || w.m.state == Errored || w.m.state == Waiting) && (current || w.m.pid != 0) {
		w.fail(t, "%s with a process", w.m.state)
	}
	if w.m.candidate != nil && w.m.state != Online {
		w.fail(t, "a candidate beside a launch that is %s", w.m.state)
	}
	for _, gen := range w.running {
		if gen != w.m.gen && (w.m.candidate == nil || w.m.candidate.gen != gen) && !w.m.ends(gen) {
			w.fail(t, "generation %d is forgotten and runs", gen)
		}
	}
}

func (w *world) effect(t *testing.T, e effect) {
	t.Helper()
	switch e := e.(type) {
	case spawn:
		if len(w.running) > 0 && !w.overlap {
			w.fail(t, "two launches at once: %d while %d runs", e.gen, w.running)
		}
		if e.beside && !slices.Contains(w.running, w.m.gen) {
			w.fail(t, "launch %d beside nothing", e.gen)
		}
		if w.rng.IntN(8) == 0 {
			w.event(t, spawnFailed{e.gen, fmt.Errorf("no")})
			return
		}
		w.running = append(w.running, e.gen)
		w.event(t, spawned{e.gen, 100 + e.gen})
	case signal:
		if !slices.Contains(w.running, e.gen) {
			w.fail(t, "signal to generation %d, %d runs", e.gen, w.running)
		}
	case sweep:
		w.sweeps = append(w.sweeps, e)
	case answer:
		if !w.open[e.to] {
			w.fail(t, "a waiter was answered twice")
		}
		delete(w.open, e.to)
	case drop:
		if len(w.running) > 0 {
			w.fail(t, "dropped while generation %d runs", w.running)
		}
		w.dead = true
	default:
		w.perform(e)
	}
}

// exit ends a main process.
func (w *world) exit(t *testing.T, gen int) {
	w.running = slices.DeleteFunc(w.running, func(g int) bool { return g == gen })
	e := proc.Exit{Code: w.rng.IntN(3)}
	if w.rng.IntN(3) == 0 {
		e = proc.Exit{Signal: unix.SIGKILL}
	}
	w.event(t, exited{gen, e})
}

// sweepDone lets the oldest sweep come to its end.
func (w *world) sweepDone(t *testing.T) {
	s := w.sweeps[0]
	w.sweeps = w.sweeps[1:]
	if s.kill && slices.Contains(w.running, s.gen) {
		w.exit(t, s.gen)
	}
	w.event(t, treeGone{s.gen})
}

func (w *world) timer(t *testing.T) {
	for name, a := range w.timers {
		delete(w.timers, name)
		if a.at.After(w.now) {
			w.now = a.at
		}
		w.event(t, expired(name))
		return
	}
}

// TestRandomWalk sends random events and checks what must always hold; at the
// end a delete must finish and leave nobody waiting.
func TestRandomWalk(t *testing.T) {
	t.Parallel()
	settings := []string{
		"wait_ready=true", "on_listen_timeout=fail", "restart_delay=100ms", "exp_backoff=50ms", "max_restarts=0",
		"max_restarts=3", "min_uptime=0", "autorestart=false", "kill_timeout=0", "stop_exit_codes=1", "reload=overlap",
	}
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var chosen []string
		for _, s := range settings {
			if rng.IntN(3) == 0 {
				chosen = append(chosen, s)
			}
		}
		w := &world{bench: newBench(chosen...), rng: rng, open: map[*waiter]bool{}}
		w.overlap = w.m.spec.Reload == spec.ReloadOverlap
		for range 300 {
			w.random(t)
		}
		w.ask(t, verbDelete)
		for n := 0; !w.dead; n++ {
			if n > 100 {
				w.fail(t, "seed %d %v: delete does not end", seed, chosen)
			}
			switch {
			case len(w.sweeps) > 0:
				w.sweepDone(t)
			case len(w.running) > 0 && rng.IntN(2) == 0:
				w.exit(t, w.any())
			default:
				w.timer(t)
			}
		}
		if len(w.open) > 0 {
			w.fail(t, "seed %d %v: %d waiters were never answered", seed, chosen, len(w.open))
		}
	}
}

// any returns a generation that runs.
func (w *world) any() int { return w.running[w.rng.IntN(len(w.running))] }

func (w *world) ask(t *testing.T, v verb) {
	goal := map[verb]Want{verbStop: Down, verbDelete: Gone, verbReload: Replaced}[v]
	if goal == "" {
		goal = Up
	}
	wt := &waiter{goal: goal, settle: v == verbStart, done: make(chan Outcome, 1)}
	w.open[wt] = true
	w.event(t, command{verb: v, cause: "walk", reply: wt})
}

func (w *world) random(t *testing.T) {
	switch w.rng.IntN(9) {
	case 0:
		w.ask(t, []verb{verbStart, verbRestart, verbReload, verbReload, verbStop, verbReset, verbJoin}[w.rng.IntN(7)])
	case 1, 2:
		if len(w.running) > 0 {
			w.exit(t, w.any())
		}
	case 3, 4:
		if len(w.sweeps) > 0 {
			w.sweepDone(t)
		}
	case 5:
		w.event(t, ready{w.m.launches - w.rng.IntN(2), "walk"})
	case 6:
		w.event(t, overLimit{w.m.gen, 2, 1})
	case 7:
		w.timer(t)
	case 8:
		w.now = w.now.Add(time.Duration(w.rng.IntN(2000)) * time.Millisecond)
	}
}
