package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMemory holds the program, as it is delivered, to 2 MiB with fifty apps at any
// time, after thousands of launches too.
func TestMemory(t *testing.T) {
	t.Parallel()
	const most = 2048 // KiB
	program := filepath.Join(t.TempDir(), "hub-keeper")
	// As in the Makefile, so that the build is found in Go's cache.
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := startProgram(t, program, "hold", "--health-ms", "500")
	first := s.nextPID("held")
	busy := s.memory()
	s.nextPID("asked")
	// The request after the next, so that an answer has been read in between.
	s.nextPID("asked")
	idle := s.memory()
	s.kill(first, syscall.SIGKILL)
	s.nextPID("held")
	next := s.memory()
	t.Logf("%d KiB when busy, %d idle, %d with the next daemon", busy, idle, next)
	if max(busy, idle, next) > most {
		t.Errorf("the keeper of 50 apps takes more than %d KiB\n%s", most, s.maps())
	}
}

// memory is the proportional set size in KiB (proc(5), smaps_rollup).
func (s *started) memory() int {
	s.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	for scanner := bufio.NewScanner(bytes.NewReader(b)); scanner.Scan(); {
		if rest, found := strings.CutPrefix(scanner.Text(), "Pss:"); found {
			n := 0
			_, _ = fmt.Sscan(rest, &n)
			return n
		}
	}
	s.t.Fatal("no Pss in smaps_rollup")
	return 0
}

func (s *started) maps() []byte {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", s.cmd.Process.Pid))
	return b
}
