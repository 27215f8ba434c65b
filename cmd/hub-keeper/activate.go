package main

import (
	"encoding/binary"
	"strconv"
	"strings"
	"syscall"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

const (
	listenPID = "LISTEN_PID="
	// exitNotExecuted is a shell's code for a program that can't be executed.
	exitNotExecuted = 127
)

// activate executes a program in this process's place, with the pid in LISTEN_PID:
// a library that takes sockets from LISTEN_FDS checks that they are meant for its own
// process (sd_listen_fds(3)), and nobody knows the number before the fork. The words
// are a descriptor, the program's path and its argument vector.
//
// It returns only if that fails. The errno is then on the descriptor, which the
// program does not get: whoever reads an end of file instead knows that it runs.
func activate(words []string) int {
	if len(words) < 3 {
		return usageError()
	}
	report, err := strconv.Atoi(words[0])
	if err != nil || keeper.Inherit(false, report) != nil {
		return usageError()
	}
	env := withListenPID(syscall.Environ(), unix.Getpid())
	_, _ = unix.Write(report, []byte{keeper.ShimAlive})
	// It also puts back the limit of open files that Go has raised at the start.
	errno, _ := syscall.Exec(words[1], words[2:], env).(syscall.Errno)
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], uint32(errno))
	_, _ = unix.Write(report, b[:])
	return exitNotExecuted
}

// withListenPID returns the environment with the variable once, and those of Go's
// runtime, which were not for us, under their own names.
func withListenPID(env []string, pid int) []string {
	list := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, listenPID) {
			if own, ok := strings.CutPrefix(kv, keeper.ShimPrefix); ok && strings.HasPrefix(own, "GO") {
				kv = own
			}
			list = append(list, kv)
		}
	}
	return append(list, listenPID+text(pid))
}
