package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// awaitEnd waits for the end of a process; one that is not there has ended.
func awaitEnd(_ *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	ended, err := endsWithin(n, patience)
	if err == nil && !ended {
		err = fmt.Errorf("process %d still runs: %s", n, commandLine(n))
	}
	return err
}

func alive(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: [!] alive PID…")
	}
	for _, arg := range args {
		n, err := strconv.Atoi(arg)
		ts.Check(err)
		ended, err := endsWithin(n, 0)
		ts.Check(err)
		if ended != neg {
			ts.Fatalf("process %d: ended %v", n, ended)
		}
	}
}

// endsWithin waits until a process has ended, reaped or not: its pidfd is then
// readable (pidfd_open(2)).
func endsWithin(pid int, limit time.Duration) (bool, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("pidfd_open %d: %w", pid, err)
	}
	defer unix.Close(fd)
	until := time.Now().Add(limit)
	for {
		left := max(0, time.Until(until))
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left.Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return n > 0, err
		}
	}
}

// send sends a signal; after SIGKILL it waits for the end, after SIGSTOP until
// the process stands still.
func send(ts *testscript.TestScript, args []string) error {
	sig := unix.SignalNum("SIG" + args[0])
	if sig == 0 {
		return fmt.Errorf("unknown signal %s", args[0])
	}
	n, err := strconv.Atoi(args[1])
	if args[1] == "hubd" {
		ctx, cancel := deadline()
		defer cancel()
		n, err = pidOf(ctx, client(ts), "hubd")
	}
	if err != nil {
		return err
	}
	if err := unix.Kill(n, sig); err != nil {
		return err
	}
	switch sig {
	case unix.SIGKILL:
		return awaitEnd(ts, []string{strconv.Itoa(n)})
	case unix.SIGSTOP:
		return until(func() error { return stopped(n) })
	}
	return nil
}

// stopped returns an error while a thread of the process is not stopped: signals
// take their time.
func stopped(pid int) error {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		// The state stands behind the name in brackets (proc_pid_stat(5)).
		if !bytes.HasPrefix(data[bytes.LastIndexByte(data, ')')+1:], []byte(" T")) {
			return fmt.Errorf("not stopped: %s", data)
		}
	}
	return nil
}
