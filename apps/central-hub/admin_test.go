package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// adminCommand prepares `central-hub admin` in dir with stdin as given.
func adminCommand(t *testing.T, dir, stdin string, args ...string) *process {
	t.Helper()
	p := command(t, dir)
	p.Stdin = strings.NewReader(stdin)
	p.Args = append(p.Args, append([]string{"admin"}, args...)...)
	return p
}

// result runs p to its end.
func (p *process) result(t *testing.T) (stdout, stderr string, code int) {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p.end(t)
}

// userIn returns the user of that name in the database at path.
func userIn(t *testing.T, path, usuario string) (auth.User, error) {
	t.Helper()
	db, err := database.Open(database.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return auth.NewRepository(db, time.Now).ByUsuario(context.Background(), usuario)
}

func hasPassword(u auth.User, password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(u.PasswordHash), []byte(password)) == nil
}

func TestAdminCreate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "data/central-hub.db")
	for _, test := range []struct {
		args               []string
		stdin, want, admin string
		password           string
		cliente            int64
	}{
		{[]string{"--usuario", "root"}, "secreto\n", `created the administrator "root" of cliente 1 in DIR/data/central-hub.db`, "root", "secreto", 1},
		{[]string{"--usuario=ñ andú", "--cliente-id", "51"}, " blanks stay \r\nnot this\n",
			`created the administrator "ñ andú" of cliente 51 in DIR/data/central-hub.db`, "ñ andú", " blanks stay ", 51},
		{[]string{"--cliente-id=9223372036854775807", "--usuario", "x"}, strings.Repeat("x", 72),
			`created the administrator "x" of cliente 9223372036854775807 in DIR/data/central-hub.db`, "x", strings.Repeat("x", 72), 1<<63 - 1},
	} {
		stdout, stderr, code := adminCommand(t, dir, test.stdin, append([]string{"create"}, test.args...)...).result(t)
		if want := strings.ReplaceAll(test.want, "DIR", dir) + "\n"; stdout != want || stderr != "" || code != 0 {
			t.Fatalf("exit code %d, stdout %q, stderr %q; want %q", code, stdout, stderr, test.want)
		}
		u, err := userIn(t, path, test.admin)
		if err != nil || u.Tipo != "admin" || u.ClienteID != test.cliente || u.Activo != 1 || !hasPassword(u, test.password) {
			t.Errorf("%v, %v", u, err)
		}
	}
	stdout, stderr, code := adminCommand(t, dir, "another\n", "create", "--usuario", "root").result(t)
	if stdout != "" || stderr != "central-hub: "+dir+"/data/central-hub.db has a user \"root\" already\n" || code != 1 {
		t.Errorf("a second time: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if u, err := userIn(t, path, "root"); err != nil || !hasPassword(u, "secreto") {
		t.Errorf("it changed the first one's: %v, %v", u, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// It reads the variables as the hub does, but needs no more than the database's.
func TestAdminCreateReadsVariables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir+"/.env", "DB_PATH=elsewhere/users.db\nSESSION_SECRET=\n")
	stdout, stderr, code := adminCommand(t, dir, "secreto\n", "create", "--usuario", "root").result(t)
	if !strings.HasSuffix(stdout, " in "+dir+"/elsewhere/users.db\n") || stderr != "" || code != 0 {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if _, err := userIn(t, dir+"/elsewhere/users.db", "root"); err != nil {
		t.Error(err)
	}
}

func TestAdminCreateRefuses(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	_, port, _ := net.SplitHostPort(closed.Addr().String())
	root := []string{"create", "--usuario", "root"}
	tests := map[string]struct {
		args   []string
		stdin  string
		dotenv string
		code   int
		want   string
	}{
		"no verb":             {nil, "", "", 2, "want admin create"},
		"another verb":        {[]string{"delete"}, "", "", 2, "want admin create"},
		"no name":             {[]string{"create"}, "secreto\n", "", 2, "want --usuario NAME"},
		"name of blanks":      {[]string{"create", "--usuario", " "}, "secreto\n", "", 2, `--usuario " ": want a name without blanks around it`},
		"blank at the end":    {[]string{"create", "--usuario", "root "}, "secreto\n", "", 2, `--usuario "root ": want a name without blanks around it`},
		"control character":   {[]string{"create", "--usuario", "ro\not"}, "secreto\n", "", 2, `--usuario "ro\not": want a name without control characters, in UTF-8`},
		"not UTF-8":           {[]string{"create", "--usuario", "\xff"}, "secreto\n", "", 2, `--usuario "\xff": want a name without control characters, in UTF-8`},
		"long name":           {[]string{"create", "--usuario", strings.Repeat("x", 192)}, "secreto\n", "", 2, "--usuario: want a name of at most 191 characters"},
		"cliente 0":           {append(root, "--cliente-id", "0"), "secreto\n", "", 2, `invalid value "0" for flag -cliente-id: want a number above 0`},
		"cliente -1":          {append(root, "--cliente-id=-1"), "secreto\n", "", 2, `invalid value "-1" for flag -cliente-id: want a number above 0`},
		"cliente 51abc":       {append(root, "--cliente-id", "51abc"), "secreto\n", "", 2, `invalid value "51abc" for flag -cliente-id: want a number above 0`},
		"cliente too big":     {append(root, "--cliente-id", "9223372036854775808"), "secreto\n", "", 2, `invalid value "9223372036854775808" for flag -cliente-id: want a number above 0`},
		"password argument":   {append(root, "geheim1"), "secreto\n", "", 2, "too many arguments; the password comes from the terminal or from stdin"},
		"password flag":       {append(root, "--password", "geheim1"), "secreto\n", "", 2, "flag provided but not defined: -password"},
		"short password":      {root, "cinco\n", "", 1, "the password has fewer than 6 characters"},
		"empty line":          {root, "\nsecreto\n", "", 1, "the password has fewer than 6 characters"},
		"no password":         {root, "", "", 1, "the password has fewer than 6 characters"},
		"long password":       {root, strings.Repeat("x", 73) + "\n", "", 1, "the password has more than 72 bytes"},
		"endless password":    {root, strings.Repeat("x", 1<<20), "", 1, "the password has more than 72 bytes"},
		"password not UTF-8":  {root, "secret\xff\n", "", 1, "the password is not in UTF-8"},
		"broken .env":         {root, "secreto\n", "what is this\n", 1, ".env line 1: want NAME=value"},
		"wrong variable":      {root, "secreto\n", "DB_HOST=localhost\n", 1, "DB_NAME is empty"},
		"folder for database": {root, "secreto\n", "DB_PATH=.\n", 1, "open DB_PATH: open "},
		"no server":           {root, "secreto\n", "DB_HOST=127.0.0.1\nDB_NAME=hub\nDB_PASSWORD=hush\nDB_PORT=" + port + "\n", 1, "the database hub at 127.0.0.1: migrate the database: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if test.dotenv != "" {
				write(t, dir+"/.env", test.dotenv)
			}
			stdout, stderr, code := adminCommand(t, dir, test.stdin, test.args...).result(t)
			if stdout != "" || !strings.HasPrefix(stderr, "central-hub: "+test.want) || code != test.code {
				t.Errorf("exit code %d, stdout %q, stderr %q; want %d and %q", code, stdout, stderr, test.code, test.want)
			}
			if lines := strings.Count(stderr, "\n"); lines != test.code {
				t.Errorf("%d lines: %q", lines, stderr)
			}
			for _, leak := range []string{"secreto", "geheim1", "hush", "xxx"} {
				if strings.Contains(stderr, leak) {
					t.Errorf("%q is in %q", leak, stderr)
				}
			}
			if _, err := os.Stat(dir + "/data"); err == nil {
				t.Error("it left a database behind")
			}
		})
	}
}

func TestAdminHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"create", "-h"}} {
		stdout, stderr, code := adminCommand(t, t.TempDir(), "", args...).result(t)
		if !strings.HasPrefix(stdout, "usage: central-hub") || stderr != "" || code != 0 {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}

// terminal is what the person at a pseudoterminal sees and types on.
type terminal struct {
	*os.File
	seen strings.Builder
}

// atTerminal starts p with all its streams at a new terminal, which it controls.
func atTerminal(t *testing.T, p *process) *terminal {
	t.Helper()
	// Without O_NONBLOCK its deadlines would do nothing.
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudoterminals here: %v", err)
	}
	screen := &terminal{File: os.NewFile(uintptr(fd), "ptmx")}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	p.Stdin, p.Stdout, p.Stderr = tty, tty, tty
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if err := screen.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return screen
}

// until reads what is shown until it ends with text.
func (s *terminal) until(t *testing.T, text string) {
	t.Helper()
	for one := make([]byte, 1); !strings.HasSuffix(s.seen.String(), text); {
		if _, err := s.Read(one); err != nil {
			t.Fatalf("saw %q, then %v; want %q", &s.seen, err, text)
		}
		s.seen.Write(one)
	}
}

// rest reads on until nobody is at the terminal any more, which is EIO.
func (s *terminal) rest() string {
	text, _ := io.ReadAll(s)
	s.seen.Write(text)
	return s.seen.String()
}

// echoes waits until the terminal shows what is typed, or no more.
func (s *terminal) echoes(t *testing.T, want bool) {
	t.Helper()
	raw, err := s.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(deadline); time.Now().Before(end); <-tick.C {
		var state *unix.Termios
		if err := raw.Control(func(fd uintptr) { state, _ = unix.IoctlGetTermios(int(fd), unix.TCGETS) }); err != nil {
			t.Fatal(err)
		}
		if state != nil && (state.Lflag&unix.ECHO != 0) == want {
			return
		}
	}
	t.Fatalf("the terminal's echo did not become %t; saw %q", want, &s.seen)
}

func (s *terminal) enter(t *testing.T, prompt, text string) {
	t.Helper()
	s.until(t, prompt)
	s.echoes(t, false)
	if _, err := s.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// atAdminTerminal is adminCommand at a terminal. The pipe of command is not used.
func atAdminTerminal(t *testing.T, dir string) (*process, *terminal) {
	t.Helper()
	p := adminCommand(t, dir, "", "create", "--usuario", "root")
	return p, atTerminal(t, p)
}

func TestAdminCreateAtTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, screen := atAdminTerminal(t, dir)
	screen.enter(t, "Password: ", "secreto\n")
	screen.enter(t, "Password again: ", "secreto\n")
	seen := screen.rest()
	want := "Password: \r\nPassword again: \r\ncreated the administrator \"root\" of cliente 1 in " + dir + "/data/central-hub.db\r\n"
	if err := p.Wait(); err != nil || seen != want {
		t.Errorf("saw %q, %v; want %q", seen, err, want)
	}
	if u, err := userIn(t, dir+"/data/central-hub.db", "root"); err != nil || !hasPassword(u, "secreto") {
		t.Errorf("%v, %v", u, err)
	}
}

func TestAdminCreateMistyped(t *testing.T) {
	t.Parallel()
	p, screen := atAdminTerminal(t, t.TempDir())
	screen.enter(t, "Password: ", "secreto\n")
	screen.enter(t, "Password again: ", "secreta\n")
	seen := screen.rest()
	_ = p.Wait()
	want := "Password: \r\nPassword again: \r\ncentral-hub: read the password: what was typed the second time differs\r\n"
	if code := p.ProcessState.ExitCode(); code != 1 || seen != want {
		t.Errorf("exit code %d, saw %q; want %q", code, seen, want)
	}
}

// Control-C leaves a terminal that shows again what is typed.
func TestAdminCreateInterrupted(t *testing.T) {
	t.Parallel()
	p, screen := atAdminTerminal(t, t.TempDir())
	screen.enter(t, "Password: ", "secr\x03")
	screen.echoes(t, true)
	seen := screen.rest()
	_ = p.Wait()
	want := "Password: \r\ncentral-hub: read the password: interrupted\r\n"
	if code := p.ProcessState.ExitCode(); code != 1 || seen != want {
		t.Errorf("exit code %d, saw %q; want %q", code, seen, want)
	}
}
