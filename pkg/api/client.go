package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/varlink/go/varlink"
	"golang.org/x/sys/unix"
)

// Home returns the folder of the daemon that a user means: HUB_HOME, else
// ~/.hub, else /etc/.hub where there is no home, as PM2 does.
func Home() (string, error) {
	home := os.Getenv("HUB_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			user = "/etc"
		}
		home = filepath.Join(user, ".hub")
	}
	abs, err := filepath.Abs(home)
	if err != nil {
		return "", fmt.Errorf("HUB_HOME: %w", err)
	}
	return abs, nil
}

// Client talks to the daemon of one home, a connection for each call. The zero
// value talks to the daemon of Home().
type Client struct {
	// Home is the daemon's folder; the socket is hubd.sock in it.
	Home string
	// Dial replaces how the connection is made.
	Dial func(ctx context.Context) (net.Conn, error)
	// Absent is called where nobody listens, if it is not nil. When it returns
	// nil there is a daemon now, and the connection is made anew; an error is the
	// call's.
	Absent func(ctx context.Context) error
}

// dialer connects whatever address varlink asks for by the client's own way.
type dialer struct{ client *Client }

func (d dialer) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	if d.client.Dial != nil {
		return d.client.Dial(ctx)
	}
	home := d.client.Home
	if home == "" {
		var err error
		if home, err = Home(); err != nil {
			return nil, err
		}
	}
	return dialHome(ctx, home)
}

// dialHome connects to the socket through the folder's descriptor, since a
// socket address holds 108 bytes (unix(7)) and a home may be longer.
func dialHome(ctx context.Context, home string) (net.Conn, error) {
	dir, err := unix.Open(home, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: home, Err: err}
	}
	defer unix.Close(dir)
	var d net.Dialer
	return d.DialContext(ctx, "unix", fmt.Sprintf("/proc/self/fd/%d/hubd.sock", dir))
}

// connect returns ErrNotRunning when nobody listens.
func (c *Client) connect(ctx context.Context) (*varlink.Connection, error) {
	return present(ctx, c, func() (*varlink.Connection, error) {
		conn, err := varlink.NewConnectionWithDialer(ctx, "unix:hubd.sock", dialer{c})
		if err != nil {
			return nil, notConnected(err)
		}
		return conn, nil
	})
}

// present connects, and once more where nobody listened and Absent has changed
// that.
func present[C any](ctx context.Context, c *Client, connect func() (C, error)) (C, error) {
	conn, err := connect()
	if c.Absent == nil || !errors.Is(err, ErrNotRunning) {
		return conn, err
	}
	if err := c.Absent(ctx); err != nil {
		return conn, err
	}
	return connect()
}

// notConnected tells a daemon that is not there from other failures.
func notConnected(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOTDIR) {
		return &notRunning{err}
	}
	return fmt.Errorf("connect to the daemon: %w", err)
}

// Call sends one request and hands each reply to each, one or several where
// more is set. It ends after the last reply, when each returns an error, or
// when ctx is done. Errors that the daemon replies are *Error.
func (c *Client) Call(ctx context.Context, method string, in any, more bool, each func(json.RawMessage) error) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var flags uint64
	if more {
		flags = varlink.More
	}
	receive, err := conn.Send(ctx, method, in, flags)
	if err != nil {
		return fmt.Errorf("call %s: %w", method, unanswered(err))
	}
	for first := true; ; first = false {
		var raw json.RawMessage
		left, err := receive(ctx, &raw)
		if err != nil {
			if e := fromVarlink(err); e != nil {
				return e
			}
			if first {
				err = unanswered(err)
			}
			return fmt.Errorf("call %s: %w", method, err)
		}
		if err := each(raw); err != nil {
			return err
		}
		if left&varlink.Continues == 0 {
			return nil
		}
	}
}

// unanswered makes ErrNoAnswer of an error that says that the other end is gone.
func unanswered(err error) error {
	for _, gone := range []error{io.EOF, io.ErrUnexpectedEOF, unix.ECONNRESET, unix.EPIPE} {
		if errors.Is(err, gone) {
			return errors.Join(ErrNoAnswer, err)
		}
	}
	return err
}

// call is Call for a method of our interface with typed replies.
func call[R any](ctx context.Context, c *Client, method string, in any, more bool, each func(*R) error) error {
	return c.Call(ctx, Interface+"."+method, in, more, func(raw json.RawMessage) error {
		var r R
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("call %s: reply: %w", method, err)
		}
		return each(&r)
	})
}

// one is call for a method with a single reply.
func one[R any](ctx context.Context, c *Client, method string, in any) (R, error) {
	var out R
	err := call(ctx, c, method, in, false, func(r *R) error { out = *r; return nil })
	return out, err
}

// Daemon asks the daemon about itself; it answers at once.
func (c *Client) Daemon(ctx context.Context) (DaemonReply, error) {
	return one[DaemonReply](ctx, c, "Daemon", nil)
}

// Kill ends all apps and the daemon. It returns when the apps are gone; the
// daemon ends right after. each sees the instances as they end.
func (c *Client) Kill(ctx context.Context, each func([]Result)) error {
	return results(ctx, c, "Control", ControlCall{Action: ActionKill}, each)
}

// Leave ends the daemon and its keeper; apps run on, and the next daemon takes
// them over.
func (c *Client) Leave(ctx context.Context) error {
	_, err := one[ResultsReply](ctx, c, "Control", ControlCall{Action: ActionLeave})
	return err
}

// Update replaces the daemon by another program, the hubd at an absolute path,
// within its process. It always returns an error: an *Error where the daemon goes
// on as it is, and that of a connection that has ended where it was replaced,
// ErrNoAnswer.
func (c *Client) Update(ctx context.Context, program string) error {
	return c.replace(ctx, ControlCall{Action: ActionUpdate, Program: program})
}

// Join is Update, after daemon, keeper and apps have become part of a unit of
// systemd's.
func (c *Client) Join(ctx context.Context, in ControlCall) error {
	in.Action = ActionJoin
	return c.replace(ctx, in)
}

func (c *Client) replace(ctx context.Context, in ControlCall) error {
	_, err := one[ResultsReply](ctx, c, "Control", in)
	if err == nil {
		err = ErrNoAnswer
	}
	return err
}

// Detach tells the daemon that its unit is about to end, or to be started anew.
func (c *Client) Detach(ctx context.Context) error {
	_, err := one[ResultsReply](ctx, c, "Control", ControlCall{Action: ActionDetach})
	return err
}

// ReadSettings makes the daemon read hubd.yaml again. Where that is wrong, it
// keeps the settings it has and the error says why.
func (c *Client) ReadSettings(ctx context.Context) error {
	_, err := one[ResultsReply](ctx, c, "Control", ControlCall{Action: ActionSettings})
	return err
}

// List returns the process table in order of name and id.
func (c *Client) List(ctx context.Context, targets ...string) ([]Row, error) {
	all, err := c.list(ctx, ListCall{Targets: targets})
	return all.Rows, err
}

// ListHost returns the process table with the machine's figures, which are nil where
// the daemon could not read them, and the daemon's problems.
func (c *Client) ListHost(ctx context.Context, targets ...string) (ListReply, error) {
	return c.list(ctx, ListCall{Targets: targets, Host: true})
}

func (c *Client) list(ctx context.Context, in ListCall) (all ListReply, err error) {
	each := func(r *ListReply) {
		if all.Rows == nil {
			all.Rows = r.Rows
		} else {
			all.Rows = append(all.Rows, r.Rows...)
		}
		all.Host, all.Problems = r.Host, r.Problems
	}
	if c.Dial == nil && c.Home != "" {
		err = c.table(ctx, in, each)
	} else {
		err = call(ctx, c, "List", in, true, func(r *ListReply) error { each(r); return nil })
	}
	return all, err
}

// Processes returns full descriptions in order of id.
func (c *Client) Processes(ctx context.Context, detail bool, targets ...string) ([]Process, error) {
	var all []Process
	err := call(ctx, c, "Processes", ProcessesCall{Targets: targets, Detail: detail}, true, func(r *ProcessesReply) error {
		all = append(all, r.Processes...)
		return nil
	})
	return all, err
}

// Start starts apps and waits until each instance is online or has failed.
// each sees the results as they come in.
func (c *Client) Start(ctx context.Context, in StartCall, each func([]Result)) error {
	return results(ctx, c, "Start", in, each)
}

// Act does something with instances and waits for the outcome.
func (c *Client) Act(ctx context.Context, in ActCall, each func([]Result)) error {
	return results(ctx, c, "Act", in, each)
}

// Env returns the environment that an instance was launched with.
func (c *Client) Env(ctx context.Context, target string) (EnvReply, error) {
	return one[EnvReply](ctx, c, "Env", EnvCall{Target: target})
}

func results(ctx context.Context, c *Client, method string, in any, each func([]Result)) error {
	return call(ctx, c, method, in, true, func(r *ResultsReply) error {
		if len(r.Results) > 0 {
			each(r.Results)
		}
		return nil
	})
}

// Logs calls each with the sources and lines of every reply. Without
// in.Follow it ends by itself, else with ctx.
func (c *Client) Logs(ctx context.Context, in LogsCall, each func(*LogsReply) error) error {
	return call(ctx, c, "Logs", in, true, each)
}

// LogControl does something with log files and returns their paths.
func (c *Client) LogControl(ctx context.Context, in LogControlCall) ([]string, error) {
	r, err := one[LogControlReply](ctx, c, "LogControl", in)
	return r.Files, err
}

// Events calls each with what happened lately and, with follow, with what
// happens from then on until ctx is done.
func (c *Client) Events(ctx context.Context, follow bool, each func([]Event) error, targets ...string) error {
	return call(ctx, c, "Events", EventsCall{Targets: targets}, follow, func(r *EventsReply) error {
		return each(r.Events)
	})
}

// Dump saves the list of apps and returns the file and how many they are.
func (c *Client) Dump(ctx context.Context, force bool) (DumpReply, error) {
	return one[DumpReply](ctx, c, "Dump", DumpCall{Force: force})
}

// Resurrect starts the saved apps that are not there; it returns the file that
// was read.
func (c *Client) Resurrect(ctx context.Context, in ResurrectCall, each func([]Result)) (string, error) {
	var path string
	err := call(ctx, c, "Resurrect", in, true, func(r *ResurrectReply) error {
		path = r.Path
		if len(r.Results) > 0 {
			each(r.Results)
		}
		return nil
	})
	return path, err
}

// Saved returns the saved list.
func (c *Client) Saved(ctx context.Context) (SavedReply, error) {
	return one[SavedReply](ctx, c, "Saved", nil)
}

// Strays returns processes that fit no instance.
func (c *Client) Strays(ctx context.Context) ([]Stray, error) {
	r, err := one[StraysReply](ctx, c, "Strays", nil)
	return r.Strays, err
}
