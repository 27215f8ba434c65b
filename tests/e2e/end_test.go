package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// end ends the daemon of a home and returns what went wrong: a kill that failed,
// a daemon that had a defect, processes that are still there. Those are killed.
func end(home, dir string) string {
	var problems strings.Builder
	for _, pid := range leftovers(home, dir) {
		_ = unix.Kill(pid, unix.SIGCONT) // a test that failed may have left the daemon stopped
	}
	ctx, cancel := deadline()
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, "hubctl"), "kill")
	cmd.Env = environ(home, dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(&problems, "hubctl kill: %v\n%s", err, out)
	}
	for _, pid := range leftovers(home, dir) {
		fmt.Fprintf(&problems, "left behind: %d %s\n", pid, commandLine(pid))
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	problems.WriteString(defects(home))
	return problems.String()
}

// defects returns a complaint where the daemon's log tells of a data race or a
// panic: a daemon's exit code is seen by nobody.
func defects(home string) string {
	data, err := os.ReadFile(filepath.Join(home, "hubd.log"))
	if err != nil {
		return "" // no daemon ran
	}
	for _, sign := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: "} {
		if at := bytes.Index(data, []byte(sign)); at >= 0 {
			return "hubd.log:\n" + string(data[at:])
		}
	}
	return ""
}

// leftovers returns the living processes that were started for a home or are at
// work in dir.
func leftovers(home, dir string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		panic(err) // no test works without
	}
	var found []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && pid != os.Getpid() && belongs(pid, home, dir) {
			found = append(found, pid)
		}
	}
	return found
}

// belongs knows a process by its environment or its directory: one of them
// tells even of a process that has left its tree. Zombies have neither.
func belongs(pid int, home, dir string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	if cwd, err := os.Readlink(filepath.Join(proc, "cwd")); err == nil && (cwd == dir || strings.HasPrefix(cwd, dir+"/")) {
		return true
	}
	env, err := os.ReadFile(filepath.Join(proc, "environ"))
	if err != nil {
		return false
	}
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		_, value, _ := strings.Cut(string(entry), "=")
		if value == home || value == dir {
			return true
		}
	}
	return false
}

func commandLine(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return err.Error()
	}
	return string(bytes.ReplaceAll(bytes.TrimRight(data, "\x00"), []byte{0}, []byte{' '}))
}
