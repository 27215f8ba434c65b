package spec

import (
	"cmp"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Resolve returns a Spec for each app of the file (or those in o.Only), with
// warnings. The error is Problems: every problem of the file at once; then
// nothing is returned but warnings.
func (f *File) Resolve(o Options) ([]Spec, []Problem, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	r := &report{file: f.report.file}
	var specs []Spec
	owners := make(LogOwners)
	var listeners AddressOwners
	for i := range f.Apps {
		if a := &f.Apps[i]; len(o.Only) == 0 || slices.Contains(o.Only, a.Name) {
			s := resolve(r, &o, a, f.Path)
			if err := owners.ClaimAll(&s); err != nil {
				r.fail(a.problem(a.logKey(), err.Error()))
			}
			if err := listeners.Claim(&s); err != nil {
				r.fail(a.problem("listen", err.Error()))
			}
			specs = append(specs, s)
		}
	}
	f.checkOnly(r, o.Only)
	warnings := concerning(o.Only, inOrder(f.report.unknown, f.report.warnings, r.warnings))
	if problems := concerning(o.Only, inOrder(f.report.problems, r.problems)); len(problems) > 0 {
		return nil, warnings, problems
	}
	return specs, warnings, nil
}

// concerning returns the problems of the named apps and of the file as a whole;
// all of them where no app is named.
func concerning(only []string, all Problems) Problems {
	if len(only) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(p Problem) bool { return p.App != "" && !slices.Contains(only, p.App) })
}

// checkOnly refuses names that no app has.
func (f *File) checkOnly(r *report, only []string) {
	const most = 10
	var names []string
	for i := range f.Apps {
		names = append(names, f.Apps[i].Name)
	}
	for _, name := range only {
		if slices.Contains(names, name) {
			continue
		}
		shown := strings.Join(names[:min(len(names), most)], ", ")
		if len(names) > most {
			shown += ", …"
		}
		r.fail(Problem{Message: fmt.Sprintf("no app is called %s; the file has %s", quoted(name), cmp.Or(shown, "no apps"))})
	}
}

// resolver fills in the Spec of one app.
type resolver struct {
	*report
	o    *Options
	app  *App
	base string // relative paths count from here
	spec Spec
}

// resolve returns the Spec of one app; problems go to the report. file is
// absolute, or empty for an app from the command line.
func resolve(r *report, o *Options, a *App, file string) Spec {
	v := &resolver{report: r, o: o, app: o.Defaults.under(a), base: o.Dir}
	v.spec = Spec{Name: a.Name, File: file, Username: o.Username}
	if file != "" {
		v.base = filepath.Dir(file)
	}
	v.identity()
	v.environment()
	v.place()
	v.program()
	v.logs()
	v.policy()
	v.wires()
	return v.spec
}

func (r *resolver) fail(key, format string, args ...any) {
	r.report.fail(r.app.problem(key, fmt.Sprintf(format, args...)))
}

func (r *resolver) warn(key, format string, args ...any) {
	r.report.warn(r.app.problem(key, fmt.Sprintf(format, args...)))
}

// path returns the value of a path key as an absolute path.
func (r *resolver) path(key, fallback, base string) string {
	path, err := r.o.absolute(base, given(r.app, key, fallback))
	if err != nil {
		r.fail(key, "%s", err)
	}
	return path
}

func (r *resolver) identity() {
	s, a := &r.spec, r.app
	s.DefaultNamespace = r.o.Namespace
	s.Namespace = given(a, "namespace", cmp.Or(r.o.Namespace, defaultNamespace))
	if err := checkName(s.Namespace); err != nil {
		r.fail("namespace", "%s", err)
	}
	s.ExecMode = execModeFork
	s.InstanceVar = given(a, "instance_var", defaultInstanceVar)
	if err := checkVariable(s.InstanceVar, ""); err != nil {
		r.fail("instance_var", "%s", err)
	}
	s.Instances = given(a, "instances", 1)
	if s.Instances < 1 {
		s.Instances = max(1, cmp.Or(r.o.CPUs, runtime.NumCPU())+s.Instances)
	}
}

func (r *resolver) policy() {
	s, a := &r.spec, r.app
	s.Autostart = given(a, "autostart", true)
	s.Autorestart = given(a, "autorestart", true)
	s.StopExitCodes = given(a, "stop_exit_codes", []int(nil))
	s.MaxRestarts = given(a, "max_restarts", defaultMaxRestarts)
	s.MinUptime = given(a, "min_uptime", milliseconds(defaultMinUptime))
	s.RestartDelay = given(a, "restart_delay", Duration(0))
	s.ExpBackoff = given(a, "exp_backoff_restart_delay", Duration(0))
	s.MaxMemory = given(a, "max_memory_restart", Size(0))
	s.KillTimeout = given(a, "kill_timeout", milliseconds(defaultKillTimeout))
	s.KillSignal = given(a, "kill_signal", Signal(defaultKillSignal))
	s.WaitReady = given(a, "wait_ready", false)
	s.ListenTimeout = given(a, "listen_timeout", milliseconds(defaultListenTimeout))
	s.OnListenTimeout = given(a, "on_listen_timeout", defaultOnListenTimeout)
}

func milliseconds(n int64) Duration { return Duration(time.Duration(n) * time.Millisecond) }

// wires settles what connects the app with the daemon.
func (r *resolver) wires() {
	s, a := &r.spec, r.app
	s.Reload = given(a, "reload", "")
	r.listen()
	s.ShutdownWithMessage = given(a, "shutdown_with_message", false)
	s.IPC = given(a, "ipc", s.Shell || s.WaitReady || s.ShutdownWithMessage || s.runsNode())
	s.Notify = given(a, "notify", s.WaitReady)
	s.NullStdin = given(a, "stdin", false)
	if s.ShutdownWithMessage && !s.IPC {
		r.fail("shutdown_with_message", "found true with ipc: false; want ipc: true, or the message has no way")
	}
	if s.WaitReady && !s.IPC && !s.Notify {
		r.fail("wait_ready", "found true with ipc: false and notify: false; want one of the two, or the app can never say ready")
	}
}
