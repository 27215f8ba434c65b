package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/unit"
)

// update asks for the daemon to be replaced by another program.
type update struct {
	program string   // hubd's path
	environ []string // KEY=value, for the program beside what we have
	done    chan<- error
}

// becomeNext replaces this program by another hubd in the same process. It returns
// only if that fails.
func (d *Daemon) becomeNext(ctx context.Context, u update) error {
	if d.link == nil {
		return errors.New("the daemon has no keeper, so it can't be replaced")
	}
	table := *d.table
	table.Hubd, table.Program = u.program, filepath.Join(filepath.Dir(u.program), "hub-keeper")
	d.link.Program(table.Hubd, table.Program)
	before := d.unit.get()
	unit.Set(u.environ)
	err := d.become(ctx, u.program, table.Args, &table)
	unit.Set(before.Environ())
	d.link.Program(d.table.Hubd, d.table.Program)
	return err
}

// update answers Control's action of that name. The reply of a success is the end
// of the connection.
func (d *Daemon) update(ctx context.Context, in *api.ControlCall) error {
	if err := checkProgram(ctx, in.Program); err != nil {
		return err
	}
	d.log.Info("update", "program", in.Program, "cause", causeOf(ctx))
	return d.replaceBy(ctx, update{program: in.Program})
}

// checkProgram returns why another program can't take over.
func checkProgram(ctx context.Context, program string) error {
	if !filepath.IsAbs(program) {
		return &api.Error{Code: api.CodeInvalid, Message: "program is not an absolute path", Hint: "the path of a hubd", Target: "program"}
	}
	if err := check(ctx, program); err != nil {
		return &api.Error{Code: api.CodeRefused, Message: err.Error(), Hint: "the daemon goes on as it is", Target: program}
	}
	return nil
}

// replaceBy has the main goroutine execute another program. It returns only if that
// fails.
func (d *Daemon) replaceBy(ctx context.Context, u update) error {
	done := make(chan error, 1)
	u.done = done
	select {
	case d.updates <- u:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := <-done
	d.log.Error("update failed; the daemon goes on as it is", "error", err)
	return &api.Error{Code: api.CodeFailed, Message: err.Error(), Hint: "the daemon goes on as it is", Target: u.program}
}

const (
	// checkTime is how long another hubd may take for its self-check.
	checkTime = 10 * time.Second
	// checkRest is how long what it has started may keep its output open after that.
	checkRest = time.Second
)

// Checked is what hubd prints in front of its version when its self-check is
// passed: a program that just ends with 0 is no hubd.
const Checked = "hubd can take over: "

// check lets another hubd look whether it can take over here: it must run on this
// machine and read what this home has. The keeper beside it must run too: when the
// one that there is dies it is too late to find out.
func check(ctx context.Context, program string) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	out, err := output(ctx, filepath.Join(filepath.Dir(program), "hub-keeper"), "--protocol")
	if err == nil {
		if _, err = strconv.ParseUint(out, 10, 31); err != nil {
			err = fmt.Errorf("unexpected answer %q", out)
		}
	}
	if err != nil {
		return fmt.Errorf("hub-keeper, which must lie beside hubd: %w", err)
	}
	out, err = output(ctx, program, "--self-check")
	if err == nil && !strings.HasPrefix(out, Checked) {
		err = fmt.Errorf("unexpected answer %q", out)
	}
	if err != nil {
		return fmt.Errorf("self-check of %s: %w", program, err)
	}
	return nil
}

// output runs a program and returns the last line that it writes, which is in the
// error if it fails.
func output(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = checkRest
	var out tail
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	line := out.lastLine()
	if err != nil && line != "" {
		err = fmt.Errorf("%w: %s", err, line)
	}
	return line, err
}

// tail keeps the end of what is written to it.
type tail struct{ buf []byte }

const maxTail = 4096

func (t *tail) Write(b []byte) (int, error) {
	t.buf = append(t.buf, b[max(0, len(b)-maxTail):]...)
	t.buf = t.buf[max(0, len(t.buf)-maxTail):]
	return len(b), nil
}

func (t *tail) lastLine() string {
	text := bytes.TrimSpace(t.buf)
	return string(text[bytes.LastIndexByte(text, '\n')+1:])
}
