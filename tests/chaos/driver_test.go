package chaos

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// wish is how an app should be, as far as that is known: a command that was not
// answered may have been done or not.
type wish struct {
	known bool
	state string // up, down, gone
	count int    // of instances
}

const (
	up   = "up"
	down = "down"
	gone = "gone"
)

// driver does what users do, at random, until it is told to end.
type driver struct {
	*world
	dice     *rand.Rand
	file     string
	apps     []app // that it may touch
	wishes   map[string]*wish
	done     int            // commands that succeeded
	broken   map[string]int // how often others failed, by their last words
	sent     int            // messages to the steady app in Node
	arrived  []int          // those that hub has passed on
	slowest  string         // command
	took     time.Duration  // by it
	problems []string
}

func newDriver(w *world, file string, apps []app) *driver {
	d := &driver{world: w, dice: w.dice(2), file: file, wishes: make(map[string]*wish), broken: make(map[string]int)}
	for _, a := range apps {
		if !a.steady {
			d.apps = append(d.apps, a)
			d.wishes[a.name] = &wish{true, up, a.instances()}
		}
	}
	return d
}

func (d *driver) run(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(d.dice.Int64N(int64(150 * time.Millisecond)))):
			d.message()
			d.step(d.apps[d.dice.IntN(len(d.apps))])
		}
	}
}

// step does one thing with one app.
func (d *driver) step(a app) {
	w := d.wishes[a.name]
	switch n := d.dice.IntN(20); {
	case n < 2:
		if _, err := d.try("save"); err != nil {
			d.failed(err)
		}
	case w.state == gone || !w.known:
		d.declared(a)
	case n < 6:
		d.do(w, wish{true, up, w.count}, "restart", a.name, "--keep-spec")
	case n < 9:
		d.do(w, wish{true, up, w.count}, "reload", a.name, "--keep-spec")
	case n < 13:
		d.do(w, wish{true, down, w.count}, "stop", a.name)
	case n < 15:
		d.do(w, wish{true, up, a.instances()}, "start", a.name)
	case n < 17 && w.state == up:
		count := 1 + (w.count+d.dice.IntN(3))%4 // another one
		d.do(w, wish{true, up, count}, "scale", a.name, strconv.Itoa(count))
	default:
		d.do(w, wish{true, gone, 0}, "delete", a.name)
	}
}

// declared brings the app to what the ecosystem file says, whatever it is now.
func (d *driver) declared(a app) {
	d.do(d.wishes[a.name], wish{true, up, a.instances()}, "start", d.file, "--only", a.name)
}

func (d *driver) do(w *wish, then wish, args ...string) {
	begin := time.Now()
	_, err := d.try(args...)
	if took := time.Since(begin); took > d.took {
		d.slowest, d.took = strings.Join(args, " "), took
	}
	if err != nil {
		d.failed(err)
		w.known = false
		return
	}
	d.done++
	*w = then
}

// failed takes an error. That a connection breaks is no wonder; that a command is
// never answered is a defect.
func (d *driver) failed(err error) {
	if errors.Is(err, errLate) {
		d.problems = append(d.problems, err.Error())
	}
	text := strings.TrimSpace(err.Error())
	if at := strings.LastIndex(text, "[ERROR]"); at >= 0 {
		text = text[at:]
	}
	d.broken[text]++
}

// settle makes known what is not.
func (d *driver) settle() {
	d.t.Helper()
	for _, a := range d.apps {
		if w := d.wishes[a.name]; !w.known {
			if d.declared(a); !w.known {
				d.t.Errorf("%s can't be started: %v", a.name, d.broken)
			}
		}
	}
}
