package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a script waits for anything.
const patience = 15 * time.Second

// commands are the commands of scripts beside testscript's own.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		// app NAME CONDITION…: see checkApp; await waits until they hold.
		"app":   positive("app NAME CONDITION…", 2, checkApp),
		"await": positive("await NAME CONDITION…", 2, awaitApp),
		// await-file FILE PATTERN: until a part of the file matches.
		"await-file": positive("await-file FILE PATTERN", 2, awaitFile),
		// await-end PID: until the process has ended.
		"await-end": positive("await-end PID", 1, awaitEnd),
		// [!] alive PID: it runs.
		"alive": alive,
		// send SIGNAL PID|hubd
		"send": positive("send SIGNAL PID|hubd", 2, send),
		// pid VARIABLE NAME: the main process of an app, or of the daemon.
		"pid": positive("pid VARIABLE NAME", 2, pid),
		// read VARIABLE FILE: the first word of a file or of stdout.
		"read": positive("read VARIABLE FILE|stdout", 2, read),
		// lines FILE COUNT [-stamp PATTERN] [WRITER…]: see numbered.
		"lines": positive("lines FILE COUNT [-stamp PATTERN] [WRITER…]", 2, lines),
		// gaps NAME DURATION: launches are that far apart.
		"gaps": positive("gaps NAME DURATION…", 2, gaps),
		// mode OCTAL FILE…
		"mode": positive("mode OCTAL FILE…", 2, mode),
		// quick DURATION COMMAND…: a hubctl command that takes no longer.
		"quick": positive("quick DURATION ARGUMENT…", 2, quick),
		// port VARIABLE: a TCP port that is free.
		"port": positive("port VARIABLE", 1, port),
		// tty ARGUMENT…: what hubctl prints on a terminal moves no cursor.
		"tty": positive("tty ARGUMENT…", 1, tty),
		// json: stdout is one JSON value and nothing else.
		"json": positive("json", 0, isJSON),
	}
}

// positive makes a command of f that takes at least n arguments and no "!".
func positive(usage string, n int, f func(*testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < n {
			ts.Fatalf("usage: %s", usage)
		}
		ts.Check(f(ts, args))
	}
}

func client(ts *testscript.TestScript) *api.Client {
	return &api.Client{Home: ts.Getenv("HUB_HOME")}
}

func deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

func mode(ts *testscript.TestScript, args []string) error {
	want, err := strconv.ParseUint(args[0], 8, 32)
	if err != nil {
		return err
	}
	for _, file := range args[1:] {
		info, err := os.Stat(ts.MkAbs(file))
		if err != nil {
			return err
		}
		if got := info.Mode().Perm(); got != os.FileMode(want) {
			return fmt.Errorf("%s has mode %o, want %o", file, got, want)
		}
	}
	return nil
}

func quick(ts *testscript.TestScript, args []string) error {
	limit, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	// timeout(1) ends a command that would hang for ever.
	return ts.Exec("timeout", append([]string{fmt.Sprint(limit.Seconds()), "hubctl"}, args[1:]...)...)
}

func port(ts *testscript.TestScript, args []string) error {
	number, err := findPort()
	if err == nil {
		ts.Setenv(args[0], number)
	}
	return err
}

// findPort takes none of those that the kernel gives to outgoing connections, of which
// other scripts make many (ip_local_port_range, ip(7)).
func findPort() (string, error) {
	var err error
	for range 100 {
		number := strconv.Itoa(10000 + rand.IntN(20000))
		var l net.Listener
		if l, err = net.Listen("tcp", ":"+number); err == nil {
			return number, l.Close()
		}
	}
	return "", err
}

func read(ts *testscript.TestScript, args []string) error {
	words := strings.Fields(ts.ReadFile(args[1]))
	if len(words) == 0 {
		return fmt.Errorf("%s is empty", args[1])
	}
	ts.Setenv(args[0], words[0])
	return nil
}

func pid(ts *testscript.TestScript, args []string) error {
	ctx, cancel := deadline()
	defer cancel()
	n, err := pidOf(ctx, client(ts), args[1])
	if err == nil {
		ts.Setenv(args[0], strconv.Itoa(n))
	}
	return err
}

// pidOf returns the daemon's pid for "hubd" and that of its keeper for "keeper",
// else the one of an app's first instance.
func pidOf(ctx context.Context, c *api.Client, name string) (int, error) {
	if name == "hubd" || name == "keeper" {
		d, err := c.Daemon(ctx)
		if name == "keeper" {
			return d.Keeper, err
		}
		return d.PID, err
	}
	list, err := c.Processes(ctx, false, name)
	switch {
	case err != nil:
		return 0, err
	case list[0].PID == 0:
		return 0, fmt.Errorf("%s does not run: %s", name, list[0].PM2Env.Status)
	}
	return list[0].PID, nil
}

// pattern compiles an expression in which ^ and $ are the ends of lines.
func pattern(text string) (*regexp.Regexp, error) { return regexp.Compile("(?m)" + text) }
