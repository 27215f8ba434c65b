package stats

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ticksPerSecond is USER_HZ, in which /proc counts. It is 100 on every
// architecture that Go has for Linux, whatever the kernel's own HZ.
const ticksPerSecond = 100

// ticks converts clock ticks.
func ticks(n uint64) time.Duration { return time.Duration(n) * (time.Second / ticksPerSecond) }

// uptime is the time since boot, suspend included: the clock of Proc.Start.
func uptime() time.Duration {
	var now unix.Timespec
	// Can't fail: the clock is known since Linux 2.6.39 and now is ours.
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now)
	return time.Duration(now.Nano())
}

// StartedAt is the wall-clock time at which p was started, good to 10 ms.
func (s *Snapshot) StartedAt(p Proc) time.Time {
	return s.At.Add(ticks(p.Start) - s.Uptime)
}

// BootID identifies this boot of the kernel; pid and start time only mean
// something together with it (random(4)).
func BootID() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("boot id: %w", err)
	}
	return string(bytes.TrimSpace(id)), nil
}

// ReadProc reads a single process. The error is fs.ErrNotExist, or ESRCH in the
// moment of its end, when there is no such process.
func ReadProc(pid int) (Proc, error) {
	proc := procfs{root: "/proc"}
	line, err := proc.file(int32(pid), "stat")
	if err != nil {
		return Proc{}, fmt.Errorf("process %d: %w", pid, err)
	}
	p, ok := parseStat(line)
	if !ok {
		return Proc{}, fmt.Errorf("process %d: %w", pid, errNotStat)
	}
	return p, nil
}

// Command is the name of a process's program, up to 15 bytes of anything
// (proc_pid_comm(5)). The error is as ReadProc's.
func Command(pid int) (string, error) {
	proc := procfs{root: "/proc"}
	name, err := proc.file(int32(pid), "comm")
	if err != nil {
		return "", fmt.Errorf("process %d: %w", pid, err)
	}
	return string(bytes.TrimSuffix(name, []byte("\n"))), nil
}

var errNotStat = errors.New("stat does not have the form of proc_pid_stat(5)")
