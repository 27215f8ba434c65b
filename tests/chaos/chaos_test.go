package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/tests/chaos/verify"
)

// calm is how long the driver has without kills.
const calm = 8 * time.Second

func TestChaos(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	apps := w.fleet()
	file := w.declare(apps)
	killer := &killer{world: w, dice: w.dice(1)}

	start := func(steady bool) {
		w.must("start", file, "--only", strings.Join(names(apps, func(a app) bool { return a.steady == steady }), ","))
	}
	start(true)
	if *kills > 0 { // what a daemon holds that has taken over from another
		killer.answered()
		killer.sent += killer.kill("hubd")
		killer.answered()
	}
	w.eventually("not steady", w.restless)
	held := w.descriptors()
	start(false)
	steady := w.steady(apps)
	driver := newDriver(w, file, apps)

	w.disturb(killer, driver)
	driver.settle()

	w.judge(killer, driver)
	w.unmoved(steady)
	w.wished(driver)
	crashing := names(apps, func(a app) bool { return a.crashes && driver.wishes[a.name].state != gone })
	if len(crashing) > 0 {
		w.should(append([]string{"stop"}, crashing...)...)
	}
	w.eventually("not steady", w.restless)
	w.eventually("list and processes", w.misfits)
	w.eventually("records", w.badRecords)
	w.resurrected()
	w.ends(killer.outages)
	for _, name := range names(apps, func(a app) bool { return !a.steady && driver.wishes[a.name].state != gone }) {
		w.should("delete", name)
	}
	w.eventually("processes after a delete", w.misfits)
	w.eventually("zombies", w.zombies)
	w.eventually("descriptors", func() []string { return w.leaked(held) })
	w.unmoved(steady)
	w.should("stop", "all")
	w.eventually("processes after a stop", w.misfits)
	w.ends(killer.outages)
	w.recorded(apps, killer, driver)
}

// disturb lets the killer and the driver do their work at the same time.
func (w *world) disturb(k *killer, d *driver) {
	stop := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() { d.run(stop) })
	if *kills == 0 {
		k.wait(calm)
	}
	k.run(*kills)
	close(stop)
	both.Wait()
}

// judge tells what killer and driver have met.
func (w *world) judge(k *killer, d *driver) {
	w.t.Helper()
	w.t.Logf("%d kills: %v; %d outages; slowest answer %v", k.sent, k.counts, len(k.outages), k.slowest.Round(time.Millisecond))
	w.t.Logf("%d commands done, the slowest in %v: %s; others failed: %v", d.done, d.took.Round(time.Millisecond), d.slowest, d.broken)
	if *kills == 0 && len(d.broken) > 0 {
		w.t.Error("commands failed although nobody was killed")
	}
	for _, problem := range append(k.problems, d.problems...) {
		w.t.Error(problem)
	}
}

// steady returns the processes that nobody touches.
func (w *world) steady(apps []app) (found []api.Process) {
	w.t.Helper()
	list, err := w.processes()
	if err != nil {
		w.t.Fatal(err)
	}
	steady := names(apps, func(a app) bool { return a.steady })
	for _, p := range list {
		if slices.Contains(steady, p.Name) {
			found = append(found, p)
		}
	}
	return found
}

// unmoved checks that processes are those that they were.
func (w *world) unmoved(before []api.Process) {
	w.t.Helper()
	list, err := w.processes()
	if err != nil {
		w.t.Fatal(err)
	}
	now := make(map[string]api.Process)
	for _, p := range list {
		now[p.Hub.UUID] = p
	}
	for _, b := range before {
		n, ok := now[b.Hub.UUID]
		if !ok || n.PID != b.PID || n.PMID != b.PMID || n.PM2Env.RestartTime != b.PM2Env.RestartTime ||
			n.PM2Env.PMUptime != b.PM2Env.PMUptime || n.PM2Env.Status != api.StatusOnline || n.Hub.Generation != b.Hub.Generation {
			w.t.Errorf("%s was pid %d, id %d, up since %d, %d restarts; now pid %d, id %d, up since %d, %d restarts, %s",
				b.Name, b.PID, b.PMID, b.PM2Env.PMUptime, b.PM2Env.RestartTime,
				n.PID, n.PMID, n.PM2Env.PMUptime, n.PM2Env.RestartTime, n.PM2Env.Status)
		}
	}
}

// wished checks that each app is as it was last told to be.
func (w *world) wished(d *driver) {
	w.t.Helper()
	list, err := w.processes()
	if err != nil {
		w.t.Fatal(err)
	}
	for name, wish := range d.wishes {
		count := 0
		for _, p := range list {
			if p.Name != name {
				continue
			}
			count++
			if want := map[string]string{up: "up", down: "down"}[wish.state]; p.Hub.Want != want {
				w.t.Errorf("%s %d should be %s, and hub wants it %s (%s)", name, p.PMID, wish.state, p.Hub.Want, p.PM2Env.Status)
			}
		}
		if count != wish.count {
			w.t.Errorf("%s should have %d instances, and has %d", name, wish.count, count)
		}
	}
}

// resurrected checks that the saved list starts nothing that runs.
func (w *world) resurrected() {
	w.t.Helper()
	before, err := w.processes()
	if err != nil {
		w.t.Fatal(err)
	}
	w.should("save")
	data, err := os.ReadFile(filepath.Join(w.Home, "dump.json"))
	if err != nil || !json.Valid(data) {
		w.t.Errorf("the saved list: error %v, %d bytes, valid JSON: %v", err, len(data), json.Valid(data))
	}
	w.should("resurrect")
	after, err := w.processes()
	if err != nil {
		w.t.Fatal(err)
	}
	pids := func(list []api.Process) (text []string) {
		for _, p := range list {
			text = append(text, fmt.Sprintf("%d %s %d", p.PMID, p.Name, p.PID))
		}
		return text
	}
	if a, b := pids(before), pids(after); !slices.Equal(a, b) {
		w.t.Errorf("resurrect over what runs made\n%v of\n%v", b, a)
	}
}

// recorded checks all lines and all ends, after the end of all apps.
func (w *world) recorded(apps []app, k *killer, d *driver) {
	w.t.Helper()
	lives := w.lives()
	lines := verify.Lines{Lives: lives, Outages: k.outages}
	known := make(map[string]bool)
	for _, a := range apps {
		for _, log := range a.logs(w.Home, lives) {
			known[log.Path] = true
			if err := lines.File(log); err != nil {
				w.t.Error(err)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(w.Home, "logs", "*"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, file := range files {
		if !known[file] {
			w.t.Errorf("a log file of nobody: %s", file)
		}
	}
	exits := verify.Exits{Lives: lives, Outages: k.outages, Kills: k.at}
	if err := exits.Read(strings.NewReader(w.hubdLog())); err != nil {
		w.t.Error(err)
	}
	for _, c := range []verify.Complaints{lines.Complaints, exits.Complaints} {
		for _, text := range c.Texts {
			w.t.Error(text)
		}
		if c.More > 0 {
			w.t.Errorf("and %d more", c.More)
		}
	}
	d.told(lives)
	for _, l := range lives {
		for _, fault := range l.Faults {
			w.t.Errorf("%s: %s", l, fault)
		}
	}
	w.t.Logf("%d processes; %d lines whole, %d lost in outages; %d ends right, %d unknown, %d unlogged",
		len(lives), lines.Whole, lines.Excused, exits.Right, exits.Unknown, exits.Unlogged)
}
