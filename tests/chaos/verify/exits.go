package verify

import (
	"bufio"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/tests/chaos/account"
)

// unknown is how hubd says that nobody could tell how a process ended.
const unknown = "exit code unknown"

// Exits checks the ends that hubd has logged.
type Exits struct {
	Complaints
	Lives   []*account.Life
	Outages Outages
	// Kills are the times at which a daemon was killed: an end that it had on
	// record may be missing in its log.
	Kills []time.Time
	// Right counts the ends that are logged as they were, Unknown those that
	// nobody could know, Unlogged those that a killed daemon did not come to log.
	Right, Unknown, Unlogged int
}

var (
	exitLine = regexp.MustCompile(`msg=exit .*\bid=(\d+)\b(?: pid=(\d+))?.*(exited with code \d+|killed by (?:SIG\w+|signal \d+)|` + unknown + `)`)
	// byOthers are the ends of processes that hub has ended before they could do
	// it themselves.
	byOthers = []string{"killed by SIGKILL", "killed by SIGINT"}
)

// ended is an end as it is logged; pid is 0 where that was not known.
type ended struct {
	pid int
	how string
}

// Read checks hubd's log, after the end of all lives.
func (c *Exits) Read(r io.Reader) error {
	logged := make(map[int][]ended) // by id
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if m := exitLine.FindStringSubmatch(in.Text()); m != nil {
			id, err := strconv.Atoi(m[1])
			if err != nil {
				return err
			}
			pid, _ := strconv.Atoi(m[2]) // "" is 0
			logged[id] = append(logged[id], ended{pid, m[3]})
		}
	}
	if err := in.Err(); err != nil {
		return err
	}
	lives := make(map[int][]*account.Life)
	for _, l := range c.Lives {
		if l.Main {
			lives[l.ID] = append(lives[l.ID], l)
		}
	}
	for id := range logged {
		if lives[id] == nil {
			lives[id] = []*account.Life{}
		}
	}
	for id, of := range lives {
		c.instance(id, of, logged[id])
	}
	return nil
}

// instance holds the ends of one instance against what is logged of it.
func (c *Exits) instance(id int, lives []*account.Life, logged []ended) {
	take := func(l *account.Life, ends ...string) bool {
		at := slices.IndexFunc(logged, func(e ended) bool {
			return (e.pid == l.PID || e.pid == 0) && slices.Contains(ends, e.how)
		})
		if at >= 0 {
			logged = slices.Delete(logged, at, at+1)
		}
		return at >= 0
	}
	var open []*account.Life
	for _, ofItself := range []bool{true, false} { // the others take what is left
		for _, l := range lives {
			switch {
			case ofItself != (l.Exit != ""):
			case ofItself && take(l, l.Exit), !ofItself && take(l, byOthers...):
				c.Right++
			default:
				open = append(open, l)
			}
		}
	}
	for _, l := range open {
		switch {
		case c.Outages.ExcuseExit(l) && take(l, unknown):
			c.Unknown++
		case c.Outages.Excuse(l), c.killed(l):
			c.Unlogged++
		default:
			c.add("%s: %q is not logged", l, end(l))
		}
	}
	silent := unheard(lives)
	for _, e := range logged {
		mute := e.pid != 0 && !slices.ContainsFunc(lives, func(l *account.Life) bool { return l.PID == e.pid })
		if (mute || silent > 0) && (slices.Contains(byOthers, e.how) || e.how == unknown && len(c.Outages) > 0) {
			silent-- // killed before it could say that it lives
			continue
		}
		c.add("id %d, process %d: %q is logged, which nobody was, or once too often", id, e.pid, e.how)
	}
}

func end(l *account.Life) string {
	if l.Exit == "" {
		return strings.Join(byOthers, " or ")
	}
	return l.Exit
}

// killed reports whether a daemon was killed when the process had just ended.
func (c *Exits) killed(l *account.Life) bool {
	return slices.ContainsFunc(c.Kills, func(at time.Time) bool {
		return at.After(l.Last) && at.Before(l.Last.Add(slack))
	})
}

// unheard counts the launches of which no process has said anything.
func unheard(lives []*account.Life) int {
	last, heard := make(map[string]int), make(map[string]bool)
	for _, l := range lives {
		last[l.UUID] = max(last[l.UUID], l.Generation)
		heard[l.Launch()] = true
	}
	n := 1 // perhaps one behind the last
	for _, generation := range last {
		n += generation
	}
	return n - len(heard)
}
