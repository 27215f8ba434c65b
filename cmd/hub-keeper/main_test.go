package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// The test binary is keeper and daemon too: the keeper where this variable is
// set, the daemon where its first argument says so besides.
const (
	keeperMode = "HUB_KEEPER_TEST"
	daemonArg  = "daemon"
)

const patience = 10 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(keeperMode) == "" {
		os.Exit(m.Run())
	}
	if len(os.Args) > 1 && os.Args[1] == daemonArg {
		os.Exit(beDaemon(os.Args[2:]))
	}
	runtime.LockOSThread()
	os.Exit(run(os.Args))
}

// started is a keeper with a daemon of the given behaviour.
type started struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string // what daemons and their children say
	ended chan struct{}
	code  int
}

// start starts the test binary as keeper.
func start(t *testing.T, behaviour string, args ...string) *started {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return startProgram(t, self, behaviour, args...)
}

// startProgram makes the table as hubd does. Daemons write to the "lock".
func startProgram(t *testing.T, program, behaviour string, args ...string) *started {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	// ExtraFiles begin at 3.
	table := &keeper.Table{Protocol: keeper.Protocol, Hubd: self, Program: program, Args: append([]string{daemonArg}, strings.Fields(behaviour)...),
		Socket: -1, Lock: 4, Ready: -1}
	memfd, err := keeper.WriteTable(table)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(memfd), "table")
	defer file.Close()
	cmd := exec.Command(program, append([]string{"--kept", "3"}, args...)...)
	cmd.Env = append(os.Environ(), keeperMode+"=1", "GORACE=atexit_sleep_ms=0")
	cmd.ExtraFiles = []*os.File{file, w}
	cmd.Stderr = os.Stderr
	if testing.Verbose() {
		cmd.Stdout = os.Stdout
	} else {
		cmd.Stderr = nil
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	s := &started{t: t, cmd: cmd, lines: make(chan string, 1<<16), ended: make(chan struct{})}
	go func() {
		defer close(s.lines)
		for scanner := bufio.NewScanner(r); scanner.Scan(); {
			s.lines <- scanner.Text()
		}
	}()
	go func() {
		_ = cmd.Wait()
		s.code = cmd.ProcessState.ExitCode()
		close(s.ended)
	}()
	t.Cleanup(s.stop)
	return s
}

// stop leaves nobody behind: a daemon ends when its keeper does.
func (s *started) stop() {
	_ = s.cmd.Process.Kill()
	<-s.ended
	for range s.lines { // until the last writer is gone
	}
}

// next returns the next line that begins with the word, without it.
func (s *started) next(word string) string {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("all ended before %q", word)
			}
			if rest, found := strings.CutPrefix(line, word+" "); found {
				return rest
			}
		case <-deadline:
			s.t.Fatalf("nobody said %q", word)
		}
	}
}

// nextPID is for lines that consist of a pid.
func (s *started) nextPID(word string) int {
	s.t.Helper()
	pid := 0
	if _, err := fmt.Sscan(s.next(word), &pid); err != nil || pid <= 1 {
		s.t.Fatalf("pid %d: %v", pid, err)
	}
	return pid
}

func (s *started) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

func (s *started) lives() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

func (s *started) exit() int {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatal("the keeper did not end")
	}
	return s.code
}

// kill kills a daemon, whose pid may be gone.
func (s *started) kill(pid int, sig syscall.Signal) {
	s.t.Helper()
	if err := unix.Kill(pid, sig); err != nil && err != unix.ESRCH {
		s.t.Fatal(err)
	}
}

// eventually polls a state of the system that sends no event.
func (s *started) eventually(what string, holds func() bool, state func() []string) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: %q", what, state())
		}
		<-time.After(time.Millisecond)
	}
}

// descriptors lists those of the keeper that are held, or for a daemon. Others
// are inherited from whoever runs the tests.
func (s *started) descriptors() []string {
	dir := fmt.Sprintf("/proc/%d/fd/", s.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		target, _ := os.Readlink(dir + e.Name())
		if strings.Contains(target, "memfd:") || strings.Contains(target, "pidfd") {
			all = append(all, target)
		}
	}
	return all
}

// childrenOf lists a process's children, zombies too.
func childrenOf(pid int) []string {
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	var all []string
	for _, task := range tasks {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		all = append(all, strings.Fields(string(b))...)
	}
	return all
}
