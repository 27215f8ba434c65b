package stats

import (
	"bytes"
	"fmt"
)

// PSS is the proportional set size of a process in bytes: private pages, and of
// each shared page the share of one user (/proc/PID/smaps_rollup, proc(5)). The
// kernel walks the process's page tables for it, milliseconds for a big one; use
// it where the cheap RSS has raised the question.
func PSS(pid int) (int64, error) {
	return pss(&procfs{root: "/proc"}, int32(pid))
}

func pss(proc *procfs, pid int32) (int64, error) {
	rollup, err := proc.file(pid, "smaps_rollup")
	if err != nil {
		return 0, fmt.Errorf("pss of process %d: %w", pid, err)
	}
	for line := range bytes.Lines(rollup) {
		if value, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
			kib, ok := parseInt(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB"))))
			if ok {
				return kib << 10, nil
			}
		}
	}
	return 0, fmt.Errorf("pss of process %d: no line Pss in smaps_rollup", pid)
}
