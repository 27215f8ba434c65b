package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// Exit codes.
const (
	exitFailed      = 1
	exitInterrupted = 130 // what a shell reports after SIGINT
)

// errReported is returned by a command that has already said what failed.
var errReported = errors.New("failed")

// hinted is an error with advice what to do next.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

func hint(err error, text string) error { return &hinted{err, text} }

// errNoDaemon is for commands that make no sense without a running daemon.
func errNoDaemon() error {
	return hint(api.ErrNotRunning, "start your apps with hubctl start FILE, or the saved ones with hubctl resurrect")
}

// errGone means that the daemon ended while we waited for it.
func errGone() error {
	return hint(gone{}, "hubd.log in HUB_HOME tells why; hubctl list starts a new one")
}

// errUnknown is for what must not be done twice.
func errUnknown() error {
	return hint(errors.New("the daemon ended over this request, which may have been done"), "see what hubctl list shows before you repeat it")
}

// gone is api.ErrNotRunning where a daemon was running a moment ago.
type gone struct{}

func (gone) Error() string        { return "the daemon went away" }
func (gone) Is(target error) bool { return target == api.ErrNotRunning }

// isGone tells a broken connection from a daemon's own error.
func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE)
}

// exitCode reports err, unless that was done, and returns the code for it.
func (c *ctl) exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(c.Stderr, "[hub] interrupted; the daemon carries on")
		return exitInterrupted
	case !errors.Is(err, errReported):
		c.printError(err)
	}
	return exitFailed
}

// info says something on stdout, as PM2 does.
func (c *ctl) info(format string, args ...any) { c.say(c.Stdout, "[hub] ", format, args) }

// note says something on stderr, for commands whose stdout is data.
func (c *ctl) note(format string, args ...any) { c.say(c.Stderr, "[hub] ", format, args) }

// warn says on stderr what is not as the user may think.
func (c *ctl) warn(format string, args ...any) { c.say(c.Stderr, "[hub][WARN] ", format, args) }

func (c *ctl) say(w io.Writer, prefix, format string, args []any) {
	if !c.silent {
		fmt.Fprintln(w, prefix+harmless(fmt.Sprintf(format, args...), false))
	}
}

// printError prints an error and what to do about it, also when silent.
func (c *ctl) printError(err error) {
	message, advice := describeError(err)
	c.printFailure(message, nil, advice)
}

// printFailure prints a message, the last lines of a process, and advice.
func (c *ctl) printFailure(message string, stderr []string, advice string) {
	var b strings.Builder
	for line := range strings.Lines(message) {
		b.WriteString("[hub][ERROR] " + harmless(strings.TrimSuffix(line, "\n"), false) + "\n")
	}
	for _, line := range stderr {
		b.WriteString("    | " + harmless(line, false) + "\n")
	}
	if advice != "" {
		b.WriteString("  hint: " + harmless(advice, false) + "\n")
	}
	io.WriteString(c.Stderr, b.String())
}

// describeError splits an error into its message and advice.
func describeError(err error) (message, advice string) {
	var h *hinted
	var e *api.Error
	switch {
	case errors.Is(err, api.ErrNotRunning) && !errors.As(err, &h):
		return describeError(errNoDaemon())
	case isGone(err):
		return describeError(errGone())
	case errors.As(err, &h):
		return err.Error(), h.hint
	case errors.As(err, &e):
		return err.Error(), e.Hint
	}
	return err.Error(), ""
}
