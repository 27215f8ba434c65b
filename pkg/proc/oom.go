package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// OOMProtected reports whether this process is less likely than others to be
// chosen when memory runs out: its oom_score_adj is negative
// (proc_pid_oom_score_adj(5)). Children inherit that, and an app that leaks
// would then outlive all others.
func OOMProtected() (bool, error) {
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if errors.Is(err, fs.ErrNotExist) { // a kernel that has no such thing
		return false, nil
	}
	if err != nil {
		return false, err
	}
	score, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		return false, fmt.Errorf("oom_score_adj: %w", err)
	}
	return score < 0, nil
}

// resetOOM sets a child's oom_score_adj to 0, which needs no privilege from
// below. A child that has ended meanwhile is no error, nor is one that may not
// be touched: a set-user-ID program, whose user was free to keep it.
func resetOOM(pid int) error {
	err := os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("0"), 0)
	if err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("reset the child's oom_score_adj: %w", err)
	}
	return nil
}
