package chaos

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/tests/chaos/verify"
)

// killer kills daemons and keepers, and keeps account of it.
type killer struct {
	*world
	dice *rand.Rand

	sent     int            // kills so far
	counts   map[string]int // by action
	at       []time.Time    // when a daemon ended
	outages  verify.Outages
	outage   bool          // neither daemon nor keeper lived since the last answer
	dynasty  int           // session of the daemons and keepers that come from each other
	since    time.Time     // first kill since the last answer; zero: none
	slowest  time.Duration // answer of hubctl list
	problems []string
}

// actions are what can happen to hub, with how often they do.
var actions = []struct {
	name  string
	share int
	do    func(*killer) int // returns how many were killed
}{
	{"daemon", 8, func(k *killer) int { return k.kill("hubd") }},
	{"keeper", 4, func(k *killer) int { return k.kill("hub-keeper") }},
	{"daemon, keeper", 3, func(k *killer) int { return k.inTurn("hubd", "hub-keeper") }},
	{"keeper, daemon", 3, func(k *killer) int { return k.inTurn("hub-keeper", "hubd") }},
	{"daemon, its successor", 3, (*killer).successor},
	{"both", 2, (*killer).both},
	{"update", 2, (*killer).update},
	{"leave", 1, (*killer).leave},
}

// run kills until there were as many as asked for.
func (k *killer) run(number int) {
	k.counts = make(map[string]int)
	k.answered()
	pattern, err := regexp.Compile("^(?:" + *ways + ")")
	if err != nil {
		k.t.Fatal(err)
	}
	var shares []int
	for n, a := range actions {
		if pattern.MatchString(a.name) {
			shares = append(shares, slices.Repeat([]int{n}, a.share)...)
		}
	}
	for k.sent < number && len(k.problems) == 0 {
		a := actions[shares[k.dice.IntN(len(shares))]]
		k.pause(300 * time.Millisecond)
		killed := a.do(k)
		k.sent += killed
		k.counts[a.name]++
		if k.t.Context().Err() != nil {
			return
		}
		// Now and then the next action comes before anybody has answered.
		if k.look(); k.outage || k.dice.IntN(3) > 0 {
			k.answered()
		}
	}
	k.answered()
}

// pause waits for a while, often for none.
func (k *killer) pause(most time.Duration) {
	d := time.Duration(k.dice.Int64N(int64(most)))
	if k.dice.IntN(4) == 0 {
		d /= 100
	}
	k.wait(d)
}

func (k *killer) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-k.t.Context().Done():
	}
}

// kill kills a daemon or a keeper, if there is one.
func (k *killer) kill(program string) int {
	pid := k.find(program)
	if pid == 0 {
		return 0
	}
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return 0 // it has gone by itself
	}
	defer unix.Close(pidfd)
	if p, err := look(pid); err != nil || p.home != k.Home || p.program != program {
		return 0 // the number means another process, or it has become the other program
	}
	k.notice()
	if err := unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0); err != nil {
		return 0
	}
	if err := awaitEnd(pidfd); err != nil {
		k.problems = append(k.problems, err.Error())
	}
	return 1
}

// notice notes that a daemon may be about to end.
func (k *killer) notice() {
	now := time.Now()
	k.at = append(k.at, now)
	if k.since.IsZero() {
		k.since = now
	}
}

// find returns the pid of a daemon or a keeper of the home, 0 if there is none.
func (k *killer) find(program string) int {
	// What the file names is found faster than by a walk.
	if text, err := os.ReadFile(filepath.Join(k.Home, "hubd.pid")); err == nil {
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		if p, err := look(pid); err == nil && program == "hub-keeper" {
			pid = p.parent
		}
		if p, err := look(pid); err == nil && p.home == k.Home && p.program == program {
			return pid
		}
	}
	for _, p := range k.programs() {
		if p.program == program {
			return p.pid
		}
	}
	return 0
}

// inTurn kills one after the other.
func (k *killer) inTurn(first, second string) int {
	n := k.kill(first)
	k.pause(50 * time.Millisecond)
	return n + k.kill(second)
}

// successor kills a daemon, and the next one as soon as it is there.
func (k *killer) successor() int {
	before := k.find("hubd")
	if k.kill("hubd") == 0 {
		return 0
	}
	limit := time.After(patience)
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	for {
		if now := k.find("hubd"); now != 0 && now != before {
			k.pause(20 * time.Millisecond)
			return 1 + k.kill("hubd")
		}
		if len(k.programs()) == 0 {
			return 1
		}
		select {
		case <-tick.C:
		case <-limit:
			k.problems = append(k.problems, "no daemon came after the one that was killed")
			return 1
		}
	}
}

// both kills all programs of the home at once: they are stopped first, so that
// none revives another.
func (k *killer) both() int {
	var stopped []process
	for {
		found := k.programs()
		fresh := slices.DeleteFunc(slices.Clone(found), func(p process) bool { return p.state == 'T' })
		if len(fresh) == 0 {
			stopped = found
			break
		}
		if k.since.IsZero() {
			k.since = time.Now()
		}
		for _, p := range fresh {
			_ = unix.Kill(p.pid, unix.SIGSTOP)
		}
	}
	// A stopped process whose parent dies is woken by the kernel: children first.
	slices.SortFunc(stopped, func(a, b process) int { return strings.Compare(b.program, a.program) })
	k.notice()
	var ends []int
	for _, p := range stopped {
		pidfd, err := unix.PidfdOpen(p.pid, 0)
		if err != nil {
			continue
		}
		defer unix.Close(pidfd)
		if unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0) == nil {
			ends = append(ends, pidfd)
		}
	}
	for _, pidfd := range ends {
		if err := awaitEnd(pidfd); err != nil {
			k.problems = append(k.problems, err.Error())
		}
	}
	k.look()
	k.pause(300 * time.Millisecond)
	return len(ends)
}

// update replaces the daemon by the other copy of its program.
func (k *killer) update() int {
	k.notice()
	if _, err := k.tryFrom(built.folders[k.dice.IntN(2)], "update"); err != nil {
		k.t.Log(err)
	}
	return 0
}

// leave ends daemon and keeper on purpose.
func (k *killer) leave() int {
	k.notice()
	if _, err := k.try("kill", "--keep-apps"); err != nil {
		k.t.Log(err)
	}
	k.pause(300 * time.Millisecond)
	return 0
}

// look notes when there is nobody left of those that come from each other. One
// that hubctl starts has a session of its own.
func (k *killer) look() {
	if k.since.IsZero() || k.outage {
		return
	}
	k.outage = !slices.ContainsFunc(k.programs(), func(p process) bool { return p.session == k.dynasty })
}

// answered waits until the list is answered; hubctl starts a daemon where there
// is none.
func (k *killer) answered() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last error
	begin := time.Now()
	for ctx.Err() == nil {
		k.look()
		if _, last = k.try("list"); last == nil {
			if k.outage {
				k.outages = append(k.outages, verify.Outage{From: k.since, To: time.Now()})
			}
			k.slowest = max(k.slowest, time.Since(begin))
			k.outage, k.since = false, time.Time{}
			if p, err := look(k.find("hubd")); err == nil {
				k.dynasty = p.session
			}
			return
		}
	}
	k.problems = append(k.problems, "the list is not answered: "+last.Error())
}
