package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/tests/chaos/account"
)

// process is an entry of /proc.
type process struct {
	pid, parent int
	session     int
	state       byte   // as in proc_pid_stat(5)
	program     string // name of its file
	mark        string // HUB_INSTANCE without the home
	home        string // HUB_HOME
	books       string
}

func (p process) String() string {
	return fmt.Sprintf("process %d (%s, parent %d, state %c, mark %q)", p.pid, p.program, p.parent, p.state, p.mark)
}

func (p process) kill() { _ = unix.Kill(p.pid, unix.SIGKILL) }

// all lists the processes of this user. One that is going may be missing.
func all() []process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		panic(err) // no test works without
	}
	var found []process
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, err := look(pid); err == nil {
				found = append(found, p)
			}
		}
	}
	return found
}

// look reads an entry of /proc. A zombie has no program and no environment.
func look(pid int) (process, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return process{}, err
	}
	p := process{pid: pid}
	// The name in brackets may hold anything.
	if _, err := fmt.Sscanf(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " %c %d %d %d", &p.state, &p.parent, new(int), &p.session); err != nil {
		return p, err
	}
	if p.state == 'Z' || p.state == 'X' {
		return p, nil
	}
	program, err := os.Readlink(filepath.Join(dir, "exe"))
	if err != nil {
		return p, nil // a kernel thread, or somebody else's
	}
	p.program = strings.TrimSuffix(filepath.Base(program), " (deleted)")
	environ, err := os.ReadFile(filepath.Join(dir, "environ"))
	if err != nil {
		return p, nil
	}
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		switch name, value, _ := strings.Cut(string(entry), "="); name {
		case "HUB_HOME":
			p.home = value
		case "HUB_INSTANCE":
			_, p.mark, _ = strings.Cut(value, ":")
		case account.BooksVar:
			p.books = value
		}
	}
	return p, nil
}

// programs returns the living daemons and keepers of the home, also one that
// takes over from another just now.
func (w *world) programs() (found []process) {
	for _, p := range all() {
		if p.home == w.Home && p.mark == "" && (p.program == "hubd" || p.program == "hub-keeper") {
			found = append(found, p)
		}
	}
	return found
}

// apps returns the living processes of the apps.
func (w *world) apps() (found []process) {
	for _, p := range all() {
		if p.books == w.books {
			found = append(found, p)
		}
	}
	return found
}

// everything returns all living processes that have to do with the home.
func (w *world) everything() (found []process) {
	for _, p := range all() {
		if p.home == w.Home || p.books == w.books {
			found = append(found, p)
		}
	}
	return found
}

// awaitEnd waits for the end of a process, reaped or not: its pidfd is then
// readable (pidfd_open(2)).
func awaitEnd(pidfd int) error {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, int(patience.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err == nil && n == 0:
			return errors.New("a killed process does not end")
		}
		return err
	}
}
