package supervise

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/stats"
)

// markVar marks a child and what it starts as part of an instance:
// HUB_INSTANCE=<home id>:<uuid>:<generation>. It finds processes that have left
// their tree and their session.
const markVar = stats.MarkVariable

// unbufferedVar makes Python write its output at once (python(1)); PM2 sets it
// too, unless the user has said something about it.
const unbufferedVar = "PYTHONUNBUFFERED"

// private are variables of one process's wires. Passed on from whoever called,
// they would name descriptors and sockets that the app does not have.
var private = []string{
	"NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "NODE_UNIQUE_ID",
	"LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_PIDFDID",
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "PIDFILE", markVar,
}

// MarkDaemon puts a mark that is no app's into this process's environment, so that
// the keeper and the daemons that it starts are not taken for part of the app that has
// started them.
func MarkDaemon() error { return os.Setenv(markVar, "hubd") }

// BaseEnv is the environment of whoever first started an app: KEY=value, kept
// and used again at every launch.
type BaseEnv struct{ Vars []string }

// wires are the variables that tell a child of its descriptors and sockets.
type wires struct {
	channel int    // descriptor of the child's end, 0 without a channel
	notify  string // path of the sd_notify socket, "" without one
}

// environment puts a child's environment together: the base, what tells the app
// its place, what the file says, and the wires, each over the ones before.
func (i *Instance) environment(base *BaseEnv, s *spec.Spec, gen int, w wires) env {
	env := newEnv(base.Vars)
	for _, name := range private {
		delete(env, name)
	}
	if _, given := env[unbufferedVar]; !given && s.RunsPython() {
		env[unbufferedVar] = "1"
	}
	id := strconv.Itoa(i.ID)
	env["HUB_HOME"] = i.sup.Home
	env["PWD"] = s.Cwd
	env["pm_id"], env["name"], env["namespace"] = id, s.Name, s.Namespace
	env["unique_id"] = i.UUID
	for k, v := range s.Env {
		env[k] = v
	}
	env[s.InstanceVar] = strconv.Itoa(i.Number)
	env[markVar] = i.mark(gen)
	if w.channel > 0 {
		env["NODE_CHANNEL_FD"] = strconv.Itoa(w.channel)
		env["NODE_CHANNEL_SERIALIZATION_MODE"] = "json"
	}
	if len(s.Listen) > 0 {
		env["LISTEN_FDS"], env["LISTEN_FDNAMES"] = strconv.Itoa(len(s.Listen)), listenNames(s)
	}
	if w.notify != "" {
		env["NOTIFY_SOCKET"] = w.notify
	}
	return env
}

// listenNames is what LISTEN_FDNAMES holds: the names of the sockets, with colons
// between them. LISTEN_PID is set in the process itself.
func listenNames(s *spec.Spec) string {
	names := make([]string, 0, len(s.Listen))
	for _, l := range s.Listen {
		names = append(names, cmp.Or(l.Name, spec.NoListenName))
	}
	return strings.Join(names, ":")
}

// Environment returns the variables that the running launch was given, or those
// that the next one would get. They are put together anew from what the launch
// was made of: a copy of each app's would be most of the daemon's memory, and an
// app may have written its title over those in /proc.
func (i *Instance) Environment(ctx context.Context) (map[string]string, error) {
	var vars map[string]string // the instance's until it has answered
	err := answered(ctx, i.ask(func() error {
		if l := i.launch; l != nil && l.process != nil {
			vars = i.environment(l.base, l.spec, l.gen, l.wires)
			if len(l.spec.Listen) > 0 && i.sup.Shim != "" {
				vars["LISTEN_PID"] = strconv.Itoa(l.process.PID)
			}
			return nil
		}
		m := i.machine
		vars = i.environment(i.base.Load(), m.latest(), m.launches+1, wires{})
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return vars, nil
}

func (i *Instance) mark(gen int) string {
	return i.sup.HomeID + ":" + i.UUID + ":" + strconv.Itoa(gen)
}

type env map[string]string

func newEnv(vars []string) env {
	e := make(env, len(vars)+16)
	for _, kv := range vars {
		if k, v, ok := strings.Cut(kv, "="); ok {
			e[k] = v
		}
	}
	return e
}

func (e env) list() []string {
	vars := make([]string, 0, len(e))
	for k, v := range e {
		vars = append(vars, k+"="+v)
	}
	slices.Sort(vars)
	return vars
}
