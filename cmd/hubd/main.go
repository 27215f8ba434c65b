// Command hubd is the daemon of hub, a process manager: it launches and
// supervises apps and answers hubctl on a socket in HUB_HOME.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/user"
	"runtime"
	"syscall"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/closeexec"
	"github.com/leadmaster/hub/pkg/daemon"
	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/settings"
	"github.com/leadmaster/hub/pkg/spec"
	"github.com/leadmaster/hub/pkg/store"
)

func main() {
	// The main goroutine stays on the leading thread: an exec by another one shows
	// the process as a zombie for an instant.
	runtime.LockOSThread()
	os.Exit(run(os.Args[1:], visible{os.Stderr}))
}

type options struct {
	config    string
	envName   string
	resurrect bool
	readyFD   int
	kept      int
	check     bool
	version   bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("hubd", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.config, "config", "", "start what the ecosystem `file` declares and stay in the foreground")
	f.StringVar(&o.envName, "env", "", "use the env_`name` sections of the ecosystem file")
	f.BoolVar(&o.resurrect, "resurrect", false, "start what was saved, after a boot or after the end of the last daemon")
	f.IntVar(&o.readyFD, "ready-fd", -1, "write a line to this `descriptor` when the daemon answers")
	f.IntVar(&o.kept, "kept", -1, "take over what the table in this `descriptor` says (given by hub-keeper)")
	f.BoolVar(&o.check, "self-check", false, "look whether this program can take over the home, and end")
	f.BoolVar(&o.version, "version", false, "print the version and end")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, nil
}

// run returns the exit code.
func run(args []string, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "hubd:", err)
		return 1
	case o.version:
		fmt.Println(api.Version)
		return 0
	}
	// What the caller's shell had open is not for the apps, nor is what the keeper
	// passes on.
	if err := closeexec.From(3); err != nil {
		fmt.Fprintln(stderr, "hubd:", err)
		return 1
	}
	switch {
	case o.check:
		if err = selfCheck(); err == nil {
			fmt.Println(daemon.Checked + api.Version)
		}
	case o.kept < 0:
		err = begin(o, stderr)
	default:
		err = serve(o, stderr)
	}
	switch {
	case errors.Is(err, store.ErrLocked) && o.config == "":
		return 0 // the caller wants a daemon, and there is one
	case err != nil:
		fmt.Fprintln(stderr, "hubd:", err)
		return 1
	}
	return 0
}

// serve is the daemon, as the keeper starts it.
func serve(o options, stderr io.Writer) error {
	table, err := keeper.ReadTable(o.kept)
	if err != nil {
		return fmt.Errorf("what hub-keeper passes on: %w", err)
	}
	_ = syscall.Close(o.kept)
	home, err := api.Home()
	if err != nil {
		return err
	}
	if err := store.Named(home, table.Lock); err != nil {
		end := keeper.Message{Kind: keeper.KindEnd} // what there was to keep is gone
		return errors.Join(err, keeper.Send(table.Socket, end.Append(nil)))
	}
	own, err := openLog(home)
	if err != nil {
		return err
	}
	if o.config == "" && table.Answered {
		if err := own.takeStderr(); err != nil {
			return fmt.Errorf("log: %w", err)
		}
	}
	signals := newSignals()
	signals.catch()
	ctx, stop := signals.context()
	defer stop()
	start := func(d *daemon.Daemon) error {
		d.Boot(ctx)
		if o.config == "" || d.Began() {
			return nil
		}
		specs, err := load(o, home, stderr)
		if err != nil {
			return err
		}
		return d.StartSpecs(ctx, specs, os.Environ())
	}
	return daemon.Run(ctx, daemon.Options{
		Home: home, Log: own.logger(o.config != "", stderr), ReopenLog: own.reopen,
		Ready: func() { sayReady(table.Ready) }, Catch: signals.catch, Table: table,
		Boot: o.resurrect,
	}, start)
}

// load reads the ecosystem file in the daemon's own place.
func load(o options, home string, stderr io.Writer) ([]spec.Spec, error) {
	file, err := spec.Load(o.config)
	if err != nil {
		return nil, err
	}
	set, err := settings.Load(home)
	if err != nil {
		return nil, err
	}
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	specs, warnings, err := file.Resolve(spec.Options{Home: home, Env: os.Environ(), EnvName: o.envName, Username: name, Defaults: set.Apps})
	for _, w := range warnings {
		fmt.Fprintln(stderr, "hubd: warning:", w)
	}
	return specs, err
}

func sayReady(fd int) {
	if fd < 0 {
		return
	}
	f := os.NewFile(uintptr(fd), "ready")
	_, _ = f.WriteString("ready\n") // whoever waited may be gone
	_ = f.Close()
}
