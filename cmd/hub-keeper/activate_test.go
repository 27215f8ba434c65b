package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// activated runs the test binary as what becomes an app, and returns what that
// prints and what comes of the exec.
func activated(t *testing.T, env []string, words ...string) (pid int, output string, report []byte) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, append([]string{keeper.Activate, "3"}, words...)...)
	cmd.Env = append(env, keeperMode+"=1")
	cmd.ExtraFiles = []*os.File{w}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if report, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	return cmd.Process.Pid, string(text), report
}

// The program has the pid in its environment, nothing of the way to it, and the
// limit of open files that a program started directly has.
func TestActivate(t *testing.T) {
	t.Parallel()
	script := `echo "$$ $LISTEN_PID $A $0 $1 $GOMEMLIMIT $HUB_APP_A"; test ! -e /proc/$$/fd/3 && echo closed; ulimit -Sn`
	pid, out, report := activated(t, []string{"A=b", "LISTEN_PID=1", "HUB_APP_GOMEMLIMIT=512m", "HUB_APP_A=c"}, "/bin/sh", "name", "-c", script, "zero", "one")
	limit, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "ulimit -Sn").Output()
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d %d b zero one 512m c\nclosed\n%s", pid, pid, limit)
	if out != want || string(report) != string(keeper.ShimAlive) {
		t.Errorf("got %q, report %v; want %q", out, report, want)
	}
}

func TestActivateWhatCannotBeExecuted(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]unix.Errno{"/does/not/exist": unix.ENOENT, plain: unix.EACCES} {
		_, out, report := activated(t, nil, path, path)
		if len(report) != 5 || unix.Errno(binary.NativeEndian.Uint32(report[1:])) != want || out != "" {
			t.Errorf("%s: report %v, output %q; want %v", path, report, out, want)
		}
	}
}

func TestActivateArguments(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"", "3", "3 /bin/sh", "x /bin/sh sh", "9 /bin/sh sh"} {
		cmd := exec.CommandContext(t.Context(), self, append([]string{keeper.Activate}, strings.Fields(words)...)...)
		cmd.Env = []string{keeperMode + "=1", "GORACE=atexit_sleep_ms=0"}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "usage:") {
			t.Errorf("%q: %v\n%s", words, err, out)
		}
	}
}
