package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// openTerminal makes a pseudo terminal (pty(7)) of the given width. What is
// written to it is returned by the function, which closes it.
func openTerminal(t *testing.T, width uint16) (terminal *os.File, written func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}); err != nil {
		t.Fatal(err)
	}
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(master) // ends with EIO when the other side is closed
		text <- string(b)
	}()
	return terminal, func() string {
		terminal.Close()
		return strings.ReplaceAll(<-text, "\r\n", "\n")
	}
}

func TestListOnATerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		golden string
		env    string
		args   []string
	}{
		{"list-80-colour", "TERM=xterm", []string{"list"}},
		{"list-80", "NO_COLOR=1", []string{"list"}},
		{"list-80", "TERM=dumb", []string{"list"}},
		{"list-80", "TERM=xterm", []string{"list", "--no-color"}},
	} {
		p, _ := newFake(t, map[string]answer{"List": replies(api.ListReply{Rows: someRows()})})
		tty, written := openTerminal(t, 80)
		p.sys.Stdout = tty
		p.sys.Env = append(p.sys.Env, c.env)
		if r := p.run(t, c.args...); r.code != 0 || r.stderr != "" {
			t.Errorf("exit code %d, stderr %q", r.code, r.stderr)
		}
		golden(t, c.golden, written())
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	p, _ := newFake(t, map[string]answer{
		"List":  replies(api.ListReply{}),
		"Start": replies(api.ResultsReply{Results: []api.Result{ok(0, "one")}}, api.ResultsReply{Results: []api.Result{ok(1, "one")}}),
	})
	writeFile(t, p, "eco.yaml", "{name: one, script: /bin/true, instances: 2}\n")
	tty, written := openTerminal(t, 80)
	p.sys.Stderr = tty
	if r := p.run(t, "start", "eco.yaml"); r.code != 0 {
		t.Errorf("exit code %d", r.code)
	}
	const erase = "\r\x1b[K"
	if got, want := written(), "0/2 online …"+erase+"1/2 online …"+erase; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}
