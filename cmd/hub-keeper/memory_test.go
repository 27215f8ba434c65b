package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMemory holds the program, as it is delivered, to 2 MiB with fifty apps.
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
	s := startProgram(t, program, "hold")
	s.next("held")
	before := s.memory()
	// Nothing tells when it has given back what it does not need at rest.
	deadline := time.Now().Add(patience)
	after := before
	for after > most && time.Now().Before(deadline) {
		<-time.After(100 * time.Millisecond)
		after = s.memory()
	}
	t.Logf("%d KiB when busy, %d at rest", before, after)
	if after > most {
		t.Errorf("the keeper of 50 apps takes %d KiB, want %d at most\n%s", after, most, s.maps())
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
