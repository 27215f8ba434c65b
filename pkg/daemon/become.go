package daemon

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/supervise"
	"golang.org/x/sys/unix"
)

const (
	// frozenTime is how long instances have to come to the end of what they are
	// doing.
	frozenTime = 2 * time.Second
	// becomeTime is how long everything may take until the next program is executed.
	// The keeper takes a daemon that is silent for 15 s for one that hangs.
	becomeTime = 3 * frozenTime
)

// Pauses until a daemon that could not become the keeper tries again.
const (
	firstTry = time.Second
	lastTry  = time.Minute
)

// becomeKeeper makes this process the keeper after the old one has died: the apps
// that it has forked stay its children. It returns only if that fails; the daemon
// then goes on without a keeper, for a while.
func (d *Daemon) becomeKeeper(ctx context.Context) error {
	if d.ending() {
		return supervise.ErrEnding
	}
	d.log.Warn("the keeper is gone; this process becomes the next one, which starts the next daemon")
	table := *d.table
	table.Socket = -1
	defer keeper.HoldBack()()
	return d.become(ctx, table.Program, nil, &table)
}

// keep is becomeKeeper until it succeeds. It returns when to try again, after the
// given pause, and the pause after that.
func (d *Daemon) keep(ctx context.Context, pause time.Duration) (again <-chan time.Time, next time.Duration) {
	err := d.becomeKeeper(ctx)
	if errors.Is(err, supervise.ErrEnding) || ctx.Err() != nil {
		return nil, pause // soon there is nothing to keep
	}
	d.log.Error("the daemon can't become the keeper: until it can, nothing survives its death but the apps", "error", err, "again in", pause)
	return time.After(pause), min(2*pause, lastTry)
}

// become executes a program in this process. Everything stands still first, between
// two steps, so that nothing is half done; the table says what is inherited. A ctx
// that is done is the end of the daemon, of which the next program would not know.
func (d *Daemon) become(ctx context.Context, program string, args []string, table *keeper.Table) error {
	ctx, cancel := context.WithTimeout(ctx, becomeTime)
	defer cancel()
	if err := d.tellKeeper(ctx, table); err != nil {
		return err
	}
	thawExits, err := d.exits.Freeze(ctx)
	if err != nil {
		return fmt.Errorf("stand still: %w", err)
	}
	defer thawExits()
	// Who does not come to an end in time must not keep the rest from it.
	short, cancelShort := context.WithTimeout(ctx, frozenTime)
	defer cancelShort()
	thaw := d.sup.Freeze(short)
	defer thaw()
	thawLogs, err := d.logs.Freeze(ctx)
	if err != nil {
		return fmt.Errorf("stand still: %w", err)
	}
	defer thawLogs()
	// Once more: instances have gone on until they stood still.
	if err := d.tellKeeper(ctx, table); err != nil {
		return err
	}
	release, err := noForks(ctx)
	if err != nil {
		return fmt.Errorf("stand still: a process is being started: %w", err)
	}
	defer release()
	d.fate.Lock()
	defer d.fate.Unlock()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if d.ending() {
		return supervise.ErrEnding
	}
	return d.execute(program, args, table)
}

func (d *Daemon) ending() bool { return d.sup.Ending() || d.left.Load() }

// tellKeeper waits until the keeper has been told everything, where it goes on: the
// next program does not know what this one wanted to say.
func (d *Daemon) tellKeeper(ctx context.Context, table *keeper.Table) error {
	if table.Socket < 0 {
		return nil
	}
	if err := d.link.Flush(ctx); err != nil {
		return fmt.Errorf("the keeper does not listen: %w", err)
	}
	return nil
}

// noForks keeps everybody from forking until release is called: a client's start
// that has come too late to stand still, and what it forks would inherit everything.
func noForks(ctx context.Context) (release func(), err error) {
	alone := make(chan struct{})
	go func() {
		syscall.ForkLock.Lock()
		close(alone)
	}()
	select {
	case <-alone:
		return syscall.ForkLock.Unlock, nil
	case <-ctx.Done():
		go func() {
			<-alone
			syscall.ForkLock.Unlock()
		}()
		return nil, ctx.Err()
	}
}

// execute is the step of no return.
func (d *Daemon) execute(program string, args []string, table *keeper.Table) error {
	table.Held, table.Strays, table.Ready, table.Answered = d.sup.Held(), nil, -1, true
	listener, err := d.listenerFile()
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	table.Held = append(table.Held, keeper.Held{Key: keeper.APIKey, Files: []keeper.File{listener}})
	// From here to the next program's own handlers a signal would end the process;
	// Go keeps ignored those that were ignored. Apps must not get them ignored.
	signal.Ignore(unix.SIGHUP, unix.SIGINT)
	if d.catch != nil {
		defer d.catch()
	}
	err = keeper.Execute(program, args, table)
	if errors.Is(err, unix.EFBIG) {
		return errors.New("what is to be passed on does not fit into a table")
	}
	return fmt.Errorf("execute %s: %w", program, err)
}
