package supervise

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/proc"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// bench drives a machine by hand: a clock that stands still, timers that fire
// when the script lets time pass, and a printer for effects.
type bench struct {
	m      *machine
	now    time.Time
	timers map[timerOf]armed
	out    bytes.Buffer
	names  map[*waiter]string
	dead   bool
}

type armed struct {
	at  time.Time
	seq int // of two that are due at once the older fires first
}

func testSpec(settings ...string) *spec.Spec {
	s := &spec.Spec{
		Name: "app", Instances: 1, ExecMode: "fork", Autorestart: true, MaxRestarts: 16,
		MinUptime: spec.Duration(time.Second), KillTimeout: spec.Duration(1600 * time.Millisecond),
		KillSignal: "SIGINT", ListenTimeout: spec.Duration(3 * time.Second), OnListenTimeout: "warn",
	}
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		d, _ := time.ParseDuration(value)
		n, _ := strconv.Atoi(value)
		switch key {
		case "autorestart":
			s.Autorestart = value == "true"
		case "max_restarts":
			s.MaxRestarts = n
		case "min_uptime":
			s.MinUptime = spec.Duration(d)
		case "restart_delay":
			s.RestartDelay = spec.Duration(d)
		case "exp_backoff":
			s.ExpBackoff = spec.Duration(d)
		case "kill_timeout":
			s.KillTimeout = spec.Duration(d)
		case "wait_ready":
			s.WaitReady = value == "true"
		case "listen_timeout":
			s.ListenTimeout = spec.Duration(d)
		case "on_listen_timeout":
			s.OnListenTimeout = value
		case "reload":
			s.Reload = value
		case "args":
			s.Args = []string{value}
		case "stop_exit_codes":
			s.StopExitCodes = []int{n}
		default:
			panic("unknown setting " + key)
		}
	}
	return s
}

func newBench(settings ...string) *bench {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &bench{m: newMachine(testSpec(settings...), now), now: now, timers: map[timerOf]armed{}, names: map[*waiter]string{}}
}

func (b *bench) step(ev event) {
	for _, e := range b.m.step(b.now, ev) {
		b.perform(e)
	}
}

func (b *bench) perform(e effect) {
	switch e := e.(type) {
	case spawn:
		fmt.Fprintf(&b.out, "  spawn %d%s\n", e.gen, map[bool]string{true: " beside"}[e.beside])
	case rebase:
		fmt.Fprintf(&b.out, "  rebase\n")
	case promote:
		fmt.Fprintf(&b.out, "  promote %d\n", e.gen)
	case forget:
		fmt.Fprintf(&b.out, "  forget %d\n", e.gen)
	case signal:
		fmt.Fprintf(&b.out, "  signal %d\n", e.gen)
	case sweep:
		fmt.Fprintf(&b.out, "  sweep %d kill=%v\n", e.gen, e.kill)
	case arm:
		b.timers[timerOf{e.gen, e.timer}] = armed{b.now.Add(e.after), len(b.out.String())}
		fmt.Fprintf(&b.out, "  arm %s in %v\n", b.timer(e.gen, e.timer), e.after)
	case disarm:
		if _, ok := b.timers[timerOf(e)]; ok {
			delete(b.timers, timerOf(e))
			fmt.Fprintf(&b.out, "  disarm %s\n", b.timer(e.gen, e.timer))
		}
	case answer:
		o := e.outcome
		text := "ok"
		if o.Err != "" {
			text = "error: " + o.Err
		}
		for _, w := range o.Warnings {
			text += " (warning: " + w + ")"
		}
		fmt.Fprintf(&b.out, "  answer %s: %s\n", b.names[e.to], text)
	case note:
		fmt.Fprintf(&b.out, "  note %s\n", strings.TrimSuffix(e.kind+": "+e.reason, ": "))
	case drop:
		b.dead = true
		fmt.Fprintf(&b.out, "  drop\n")
	}
}

// timer names a timer in the output, with the launch if that is not the current
// one.
func (b *bench) timer(gen int, t timer) string {
	if gen == b.m.gen {
		return string(t)
	}
	return fmt.Sprintf("%s of %d", t, gen)
}

// pass lets time go by and fires what is due, in order.
func (b *bench) pass(d time.Duration) {
	end := b.now.Add(d)
	for {
		var next timerOf
		for t, a := range b.timers {
			if o, ok := b.timers[next]; !a.at.After(end) && (!ok || a.at.Before(o.at) || a.at.Equal(o.at) && a.seq < o.seq) {
				next = t
			}
		}
		a, ok := b.timers[next]
		if !ok {
			break
		}
		delete(b.timers, next)
		b.now = a.at
		fmt.Fprintf(&b.out, "  (%s)\n", b.timer(next.gen, next.timer))
		b.step(expired(next))
	}
	b.now = end
}

func (b *bench) waiter(name string, goal Want, settle bool) *waiter {
	w := &waiter{goal: goal, settle: settle, done: make(chan Outcome, 1)}
	b.names[w] = name
	return w
}

func (b *bench) command(v verb, name string) {
	goal := Up
	switch v {
	case verbStop:
		goal = Down
	case verbDelete:
		goal = Gone
	case verbReload:
		goal = Replaced
	}
	b.step(command{verb: v, cause: "somebody", reply: b.waiter(name, goal, v == verbStart || v == verbJoin)})
}

// do runs one line of a script.
func (b *bench) do(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	gen := b.m.gen
	if words[0] == "stale" {
		gen, words = gen-1, words[1:]
	}
	if n, ok := strings.CutPrefix(words[0], "@"); ok { // of that launch
		gen, _ = strconv.Atoi(n)
		words = words[1:]
	}
	arg := ""
	if len(words) > 1 {
		arg = words[1]
	}
	switch v := verb(words[0]); v {
	case verbStart, verbRestart, verbReload, verbStop, verbDelete, verbReset, verbJoin:
		b.command(v, string(v))
		return
	case verbConfigure:
		b.step(command{verb: v, spec: testSpec(words[1:]...), cause: "somebody", reply: b.waiter("configure", Up, false)})
		return
	}
	switch words[0] {
	case "update":
		b.step(command{verb: verbRestart, spec: testSpec(words[1:]...), cause: "somebody", reply: b.waiter("update", Up, false)})
	case "renew":
		b.step(command{verb: verbReload, spec: testSpec(words[1:]...), cause: "somebody", reply: b.waiter("renew", Replaced, false)})
	case "spawned":
		b.step(spawned{gen, 100 + gen})
	case "spawnfailed":
		b.step(spawnFailed{gen, errors.New("no such file")})
	case "up":
		b.step(spawned{gen, 100 + gen})
	case "ready":
		b.step(ready{gen, "IPC message"})
	case "exit":
		var e proc.Exit
		if sig, ok := strings.CutPrefix(arg, "SIG"); ok {
			e.Signal = unix.SignalNum("SIG" + sig)
		} else {
			e.Code, _ = strconv.Atoi(arg)
		}
		b.step(exited{gen, e})
	case "gone":
		b.step(treeGone{gen})
	case "adopt":
		b.adopt(t, words[1:]...)
	case "unstoppable":
		b.step(unstoppable{gen, "process 101 can't be signalled"})
	case "memory":
		b.step(overLimit{gen, 300, 200})
	case "expired":
		b.step(expired{gen, timer(strings.Join(words[1:], " "))})
	case "tick":
		d, err := time.ParseDuration(arg)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		b.pass(d)
	default:
		t.Fatalf("unknown line %q", line)
	}
}

func (b *bench) state() string {
	m := b.m
	s := fmt.Sprintf("%s, want %s, gen %d, pid %d, restarts %d, unstable %d", m.state, m.want, m.gen, m.pid, m.restarts, m.Unstable)
	if m.notReady {
		s += ", not ready"
	}
	if m.candidate != nil {
		s += fmt.Sprintf(", candidate %d", m.candidate.gen)
	}
	for _, o := range m.outgoing {
		s += fmt.Sprintf(", outgoing %d", o.gen)
	}
	return s
}

// TestScripts runs testdata/machine/*.txt: lines that begin with "> " are what
// happens, the others what the machine did.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/machine/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, file, want, runScript(t, want))
		})
	}
}

func runScript(t *testing.T, script []byte) []byte {
	t.Helper()
	b := newBench()
	lines := bufio.NewScanner(bytes.NewReader(script))
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#"), line == "":
			fmt.Fprintln(&b.out, line)
		case strings.HasPrefix(line, "> spec"):
			out := b.out.String()
			b = newBench(strings.Fields(line)[2:]...)
			b.out.WriteString(out)
			fmt.Fprintln(&b.out, line)
		case strings.HasPrefix(line, "> "):
			fmt.Fprintln(&b.out, line)
			b.do(t, line[2:])
			fmt.Fprintf(&b.out, "  = %s\n", b.state())
		}
	}
	return b.out.Bytes()
}

func compare(t *testing.T, file string, want, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs; got:\n%s", file, got)
	}
}

// reach brings a new machine into a state.
func reach(t *testing.T, state State) *bench {
	t.Helper()
	b := newBench("wait_ready=true", "restart_delay=1s", "max_restarts=2")
	lines := map[State][]string{
		Stopped:   {"start", "spawned", "ready", "stop", "exit 0", "gone"},
		Launching: {"start", "spawned"},
		Online:    {"start", "spawned", "ready", "tick 2s"},
		Stopping:  {"start", "spawned", "ready", "stop"},
		Waiting:   {"start", "spawned", "ready", "tick 2s", "exit 1"},
		Errored:   {"start", "spawned", "exit 1", "tick 1s", "spawned", "exit 1"},
	}[state]
	for _, l := range lines {
		b.do(t, l)
	}
	if b.m.state != state {
		t.Fatalf("script for %s ends in %s", state, b.m.state)
	}
	b.out.Reset()
	return b
}

var (
	allStates = []State{Stopped, Launching, Online, Stopping, Waiting, Errored}
	allEvents = []string{
		"start", "restart", "reload", "stop", "delete", "reset", "configure", "join", "spawned", "spawnfailed", "ready", "exit 1", "gone",
		"unstoppable", "memory", "expired listen timeout", "expired kill timeout", "expired restart delay", "expired stable",
		"expired calm", "expired settle",
	}
)

// TestEveryCell walks every event in every state; docs/states.md is the result.
func TestEveryCell(t *testing.T) {
	const file = "../../docs/states.md"
	var doc bytes.Buffer
	doc.WriteString("# The state machine, cell by cell\n\nWritten by `go test ./pkg/supervise -run TestEveryCell -update` from the machine itself.\n" +
		"The instance of each cell has `wait_ready`, `restart_delay: 1s` and `max_restarts: 2`.\n" +
		"A cell that says `–` changes nothing. Events of an older launch never change anything.\n\n| event |")
	for _, s := range allStates {
		fmt.Fprintf(&doc, " %s |", s)
	}
	doc.WriteString("\n|---|" + strings.Repeat("---|", len(allStates)) + "\n")
	for _, ev := range allEvents {
		fmt.Fprintf(&doc, "| %s |", strings.TrimPrefix(ev, "expired "))
		for _, s := range allStates {
			fmt.Fprintf(&doc, " %s |", cell(t, s, ev))
		}
		doc.WriteString("\n")
	}
	want, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	compare(t, file, want, doc.Bytes())
}

func cell(t *testing.T, s State, ev string) string {
	t.Helper()
	b := reach(t, s)
	b.do(t, ev)
	var did []string
	for line := range strings.Lines(b.out.String()) {
		word := strings.Fields(line)[0]
		if slices.Contains([]string{"spawn", "signal", "sweep", "drop"}, word) && !slices.Contains(did, word) {
			did = append(did, word)
		}
	}
	if b.m.state != s {
		did = append(did, "→ "+string(b.m.state))
	}
	if len(did) == 0 {
		if b.out.Len() == 0 {
			return "–"
		}
		return "noted"
	}
	return strings.Join(did, ", ")
}

// TestStaleEventsChangeNothing: what belongs to an older launch is dropped in
// every state.
func TestStaleEventsChangeNothing(t *testing.T) {
	t.Parallel()
	for _, s := range allStates {
		for _, ev := range allEvents[8:] {
			b := reach(t, s)
			before := b.state()
			b.do(t, "stale "+ev)
			if b.out.Len() > 0 || b.state() != before {
				t.Errorf("%s, stale %s: %s\n%s", s, ev, b.state(), b.out.String())
			}
		}
	}
}
