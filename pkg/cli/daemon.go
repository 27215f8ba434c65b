package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/closeexec"
)

const (
	// startTime is how long a daemon may take until it answers.
	startTime = 10 * time.Second
	// rivalTime is how long we wait for another daemon that holds the lock
	// before we try to start ours again: it may be on its way out.
	rivalTime = 500 * time.Millisecond
	// rivalInterval is the time between two looks whether the other one
	// answers; nothing tells us.
	rivalInterval = 10 * time.Millisecond
)

// errRival means that another daemon has the home's lock.
var errRival = errors.New("another daemon is starting or ending")

// startDaemon has a daemon started for the home, by systemd where that is to do it,
// and returns when one answers, ours or one that was started at the same time.
func (c *ctl) startDaemon(ctx context.Context) error {
	if u := c.unit(); u != nil {
		return c.startUnit(ctx, u)
	}
	return c.startHere(ctx)
}

// startHere starts a daemon that is a child of no systemd.
func (c *ctl) startHere(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	c.note("starting the daemon, HUB_HOME=%s", c.Home)
	for {
		err := c.spawn(ctx)
		if !errors.Is(err, errRival) {
			return err
		}
		if c.answers(ctx, rivalTime) {
			return nil
		}
		if ctx.Err() != nil {
			return hint(fmt.Errorf("the daemon did not start within %s: %w", startTime, err),
				"another hubd holds "+filepath.Join(c.Home, "hubd.lock")+"; see hubd.log beside it")
		}
	}
}

// answers waits until a daemon answers, up to limit.
func (c *ctl) answers(ctx context.Context, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(rivalInterval)
	defer tick.Stop()
	for {
		if _, err := c.looker.Daemon(ctx); err == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// spawn starts hubd and waits until it says that it is ready. It returns
// errRival when hubd ended because another one has the lock.
func (c *ctl) spawn(ctx context.Context) error {
	program, err := c.hubd()
	if err != nil {
		return err
	}
	log, err := c.openLog()
	if err != nil {
		return fmt.Errorf("open the daemon's log: %w", err)
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("find the end of the daemon's log: %w", err)
	}
	ready, exited, err := c.execHubd(program, log)
	if err != nil {
		return err
	}
	defer ready.Close()
	if err := waitReady(ctx, ready); err == nil {
		return nil
	} else if !errors.Is(err, io.EOF) {
		return hint(fmt.Errorf("the daemon did not become ready within %s", startTime), "see "+c.logPath())
	}
	select {
	case err := <-exited:
		if err == nil {
			return errRival
		}
		return hint(fmt.Errorf("the daemon ended while it started: %w%s", err, newLines(log.Name(), before)), "see "+c.logPath())
	case <-ctx.Done():
		return hint(errors.New("the daemon gave up starting but has not ended"), "see "+c.logPath())
	}
}

// openLog opens what the daemon has for stderr. In another user's home that is not
// ours to open, as root: the name may be a link to anything.
func (c *ctl) openLog() (*os.File, error) {
	if c.as != nil {
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	if err := os.MkdirAll(c.Home, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(c.logPath(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
}

func (c *ctl) logPath() string { return filepath.Join(c.Home, "hubd.log") }

// hubd returns the daemon's program: the one beside hubctl's own file, links
// resolved, so that a link to hubctl is enough to use it.
func (c *ctl) hubd() (string, error) {
	if c.Hubd != "" {
		return c.Hubd, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find hubctl's own file: %w", err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", fmt.Errorf("find hubctl's own file: %w", err)
	}
	return besideIn(filepath.Dir(self))
}

// besideIn returns the daemon's program in a folder, where its keeper's must lie
// as well: hubd executes it.
func besideIn(dir string) (string, error) {
	for _, name := range [...]string{"hubd", "hub-keeper"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", hint(fmt.Errorf("find %s: %w", name, err), "hubd and hub-keeper must lie beside hubctl, in "+dir)
		}
	}
	return filepath.Join(dir, "hubd"), nil
}

// execHubd starts the program as a daemon: in a session of its own, with our
// environment, with nothing of our descriptors but its log and the pipe on
// which it says that it is ready.
func (c *ctl) execHubd(program string, log *os.File) (ready *os.File, exited <-chan error, err error) {
	ready, theirs, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer theirs.Close()
	// What our caller left open must not live as long as the daemon.
	if err := closeexec.From(3); err != nil {
		ready.Close()
		return nil, nil, err
	}
	cmd := exec.Command(program, "--ready-fd", "3")
	cmd.Dir = "/"
	cmd.Env = c.daemonEnv()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{theirs} // descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: c.as}
	if err := cmd.Start(); err != nil {
		ready.Close()
		return nil, nil, fmt.Errorf("start the daemon: %w", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	return ready, done, nil
}

// ofOneProcess are variables that are about the process which got them: an app
// that calls hubctl must not make the daemon one of its own processes, which
// its stop would end.
var ofOneProcess = []string{"HUB_INSTANCE=", "NODE_CHANNEL_FD=", "NODE_CHANNEL_SERIALIZATION_MODE=", "NOTIFY_SOCKET=", "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "WATCHDOG_USEC=", "WATCHDOG_PID=", "PIDFILE="}

// daemonEnv is our environment, unchanged but for what is not the daemon's and
// for a relative HUB_HOME, which means another folder where the daemon runs.
func (c *ctl) daemonEnv() []string {
	env := slices.DeleteFunc(slices.Clone(c.Env), func(entry string) bool {
		return slices.ContainsFunc(ofOneProcess, func(name string) bool { return strings.HasPrefix(entry, name) })
	})
	for i, entry := range env {
		if strings.HasPrefix(entry, "HUB_HOME=") && entry != "HUB_HOME=" {
			env[i] = "HUB_HOME=" + c.Home
		}
	}
	return env
}

// waitReady reads the line of a ready daemon. It returns io.EOF when the
// daemon closes the pipe without it.
func waitReady(ctx context.Context, ready *os.File) error {
	stop := context.AfterFunc(ctx, func() { ready.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := bufio.NewReader(ready).ReadString('\n')
	if err == nil && line != "ready\n" {
		err = fmt.Errorf("unexpected %q instead of ready", line)
	}
	return err
}

// newLines returns the last lines of what has come to the file since it had
// the given size, each on a line of its own.
func newLines(path string, size int64) string {
	const last = 10
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, size, 64<<10))
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if lines[0] == "" {
		return ""
	}
	return "\n" + strings.Join(lines[max(0, len(lines)-last):], "\n")
}
