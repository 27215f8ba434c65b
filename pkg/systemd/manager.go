// Package systemd is what hub asks of systemd: to move processes into a unit, to
// start and stop units, what job a unit has. It also writes hub's own unit. It talks
// to systemd through systemd's own programs, systemctl(1) and busctl(1), which know
// how to reach it where no message bus runs, as at a shutdown.
package systemd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Booted reports whether systemd is this machine's service manager, as sd_booted(3)
// does.
func Booted() bool {
	info, err := os.Lstat("/run/systemd/system")
	return err == nil && info.IsDir()
}

const runtimeDirVar = "XDG_RUNTIME_DIR"

// Manager is a systemd: the machine's, or one of a user's own.
type Manager struct{ User bool }

// Systemctl runs systemctl(1) and returns what it prints. The error has what it
// says of its failure.
func (m Manager) Systemctl(ctx context.Context, args ...string) (string, error) {
	return m.run(ctx, "systemctl", "--no-ask-password", args)
}

// Linger has the own systemd of the user who runs this, by name, run from boot on,
// without a session (loginctl(1)).
func Linger(ctx context.Context, user string) error {
	if _, err := os.Stat(filepath.Join("/var/lib/systemd/linger", user)); err == nil {
		return nil // logind would ask for rights to change nothing
	}
	_, err := Manager{}.run(ctx, "loginctl", "--no-ask-password", []string{"enable-linger"})
	return err
}

// Flags are what systemctl needs to reach this systemd.
func (m Manager) Flags() []string {
	if m.User {
		return []string{"--user"}
	}
	return nil
}

// Attach moves processes into a unit that is active or starts, or into the group
// below, such as "/hub". Systemd allows that to root, and to the unit's user for
// processes of the same user; a user's own systemd can do it only with processes
// that it has started itself.
func (m Manager) Attach(ctx context.Context, unit, below string, pids []int) error {
	args := []string{
		"call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
		"AttachProcessesToUnit", "ssau", unit, below, strconv.Itoa(len(pids)),
	}
	for _, pid := range pids {
		args = append(args, strconv.Itoa(pid))
	}
	_, err := m.run(ctx, "busctl", "--quiet", args)
	return err
}

// Job returns the type of the job that a unit has, such as "stop" or "restart", ""
// for none (systemctl list-jobs).
func (m Manager) Job(ctx context.Context, unit string) (string, error) {
	out, err := m.Systemctl(ctx, "list-jobs", "--no-legend", "--plain", unit)
	if err != nil {
		return "", err
	}
	return jobOf(out, unit), nil
}

// SubState returns what the unit does at the moment, such as running or reload: the low
// level states of systemctl(1).
func (m Manager) SubState(ctx context.Context, unit string) (string, error) {
	out, err := m.Systemctl(ctx, "show", "--property=SubState", "--value", unit)
	return strings.TrimSpace(out), err
}

// jobOf reads lines of number, unit, type and state.
func jobOf(list, unit string) string {
	for line := range strings.Lines(list) {
		if f := strings.Fields(line); len(f) >= 3 && f[1] == unit {
			return f[2]
		}
	}
	return ""
}

// Version returns the number of systemd's version, 252 say.
func (m Manager) Version(ctx context.Context) (int, error) {
	out, err := m.Systemctl(ctx, "--version")
	if err != nil {
		return 0, err
	}
	return versionOf(out)
}

func versionOf(text string) (int, error) {
	f := strings.Fields(text) // systemd 252 (252.39-1~deb12u1)
	if len(f) > 1 {
		if n, err := strconv.Atoi(leadingDigits(f[1])); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("systemctl --version says %q", strings.TrimSpace(text))
}

func leadingDigits(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		return s
	}
	return s[:end]
}

// run runs one of systemd's programs and returns its standard output. A user's own
// systemd is found without a session too, as in cron and after su.
func (m Manager) run(ctx context.Context, name, flag string, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, name, append(append([]string{flag}, m.Flags()...), args...)...)
	if m.User && os.Getenv(runtimeDirVar) == "" {
		cmd.Env = append(os.Environ(), runtimeDirVar+"=/run/user/"+strconv.Itoa(os.Getuid()))
	}
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(problem.String()); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return out.String(), nil
}
