package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// update asks for the daemon to be replaced by another program.
type update struct {
	program string // hubd's path
	done    chan<- error
}

// becomeKeeper makes this process the keeper after the old one has died: the apps
// that it has forked stay its children. It returns only if that fails; the daemon
// then goes on without a keeper.
func (d *Daemon) becomeKeeper() {
	if d.sup.Ending() {
		return // soon there is nothing to keep
	}
	d.log.Warn("the keeper is gone; this process becomes the next one, which starts the next daemon")
	table := *d.table
	table.Socket = -1
	if err := d.become(table.Program, nil, &table); err != nil {
		d.log.Error("the daemon can't become the keeper: from now on nothing survives its death but the apps", "error", err)
	}
}

// becomeNext replaces this program by another hubd in the same process. It returns
// only if that fails.
func (d *Daemon) becomeNext(program string) error {
	if d.link == nil {
		return errors.New("the daemon has no keeper, so it can't be replaced")
	}
	table := *d.table
	table.Hubd, table.Program = program, filepath.Join(filepath.Dir(program), "hub-keeper")
	d.link.Program(table.Hubd, table.Program)
	err := d.become(program, table.Args, &table)
	d.link.Program(d.table.Hubd, d.table.Program)
	return err
}

// frozenTime is how long instances have to come to the end of what they are doing.
const frozenTime = 2 * time.Second

// become executes a program in this process. Everything stands still first, between
// two steps, so that nothing is half done; the table says what is inherited.
func (d *Daemon) become(program string, args []string, table *keeper.Table) error {
	ctx, cancel := context.WithTimeout(context.Background(), frozenTime)
	defer cancel()
	if err := d.link.Flush(ctx); err != nil && table.Socket >= 0 {
		return fmt.Errorf("the keeper does not listen: %w", err)
	}
	thawExits, err := d.exits.Freeze(ctx)
	if err != nil {
		return fmt.Errorf("stand still: %w", err)
	}
	defer thawExits()
	thaw := d.sup.Freeze(ctx)
	defer thaw()
	thawLogs, err := d.logs.Freeze(ctx)
	if err != nil {
		return fmt.Errorf("stand still: %w", err)
	}
	defer thawLogs()
	return d.execute(program, args, table)
}

// execute is the step of no return.
func (d *Daemon) execute(program string, args []string, table *keeper.Table) error {
	table.Held, table.Strays, table.Ready, table.Answered = d.sup.Held(), nil, -1, true
	listener, err := d.listener.File() // a duplicate
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	defer listener.Close()
	table.Held = append(table.Held, keeper.Held{Key: keeper.APIKey, Files: []keeper.File{{Name: keeper.Listener, FD: int(listener.Fd())}}})
	fd, err := keeper.WriteTable(table)
	if err != nil {
		return fmt.Errorf("table: %w", err)
	}
	defer unix.Close(fd)
	inherited := append(table.Descriptors(), fd)
	defer func() { _ = keeper.Inherit(false, inherited...) }()
	if err := keeper.Inherit(true, inherited...); err != nil {
		return fmt.Errorf("descriptors: %w", err)
	}
	// From here to the next program's own handlers a signal would end the process;
	// Go keeps ignored those that were ignored.
	signal.Ignore(unix.SIGHUP, unix.SIGINT)
	argv := append(append([]string{program}, args...), "--kept", strconv.Itoa(fd))
	return fmt.Errorf("execute %s: %w", program, unix.Exec(program, argv, os.Environ()))
}

// checkTime is how long another hubd may take for its self-check.
const checkTime = 10 * time.Second

// update answers Control's action of that name. The reply of a success is the end
// of the connection.
func (d *Daemon) update(ctx context.Context, in *api.ControlCall) error {
	if !filepath.IsAbs(in.Program) {
		return &api.Error{Code: api.CodeInvalid, Message: "program is not an absolute path", Hint: "the path of a hubd", Target: "program"}
	}
	if err := d.check(ctx, in.Program); err != nil {
		return &api.Error{Code: api.CodeRefused, Message: err.Error(), Hint: "the daemon goes on as it is", Target: in.Program}
	}
	d.log.Info("update", "program", in.Program, "cause", causeOf(ctx))
	done := make(chan error, 1)
	select {
	case d.updates <- update{in.Program, done}:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := <-done
	d.log.Error("update failed; the daemon goes on as it is", "error", err)
	return &api.Error{Code: api.CodeFailed, Message: err.Error(), Hint: "the daemon goes on as it is", Target: in.Program}
}

// check lets another hubd look whether it can take over here: it must run on this
// machine and read what this home has.
func (d *Daemon) check(ctx context.Context, program string) error {
	if _, err := os.Stat(filepath.Join(filepath.Dir(program), "hub-keeper")); err != nil {
		return fmt.Errorf("hub-keeper must lie beside hubd: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--self-check").CombinedOutput()
	if err != nil {
		return fmt.Errorf("self-check of %s: %w%s", program, err, lastLine(string(out)))
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	return ": " + text[strings.LastIndexByte(text, '\n')+1:]
}
