package proc

import (
	"errors"
	"fmt"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestExit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cases := []struct {
		script string
		exit   Exit
		words  string
	}{
		{"exit 0", Exit{}, "exited with code 0"},
		{"exit 3", Exit{Code: 3}, "exited with code 3"},
		{"exit 255", Exit{Code: 255}, "exited with code 255"},
		{"kill -KILL $$", Exit{Signal: unix.SIGKILL}, "killed by SIGKILL"},
		{"kill -TERM $$", Exit{Signal: unix.SIGTERM}, "killed by SIGTERM"},
		{"kill -40 $$", Exit{Signal: 40}, "killed by signal 40"},
		{"ulimit -c 0; kill -SEGV $$", Exit{Signal: unix.SIGSEGV}, "killed by SIGSEGV"},
	}
	for _, c := range cases {
		exit := f.ended(f.sh(c.script))
		if exit != c.exit || exit.String() != c.words {
			t.Errorf("%s: %+v %q, want %+v %q", c.script, exit, exit, c.exit, c.words)
		}
	}
}

func TestExitWords(t *testing.T) {
	t.Parallel()
	for words, exit := range map[string]Exit{
		"ended, exit code unknown":        {Unknown: true},
		"killed by SIGABRT (core dumped)": {Signal: unix.SIGABRT, Core: true},
	} {
		if exit.String() != words {
			t.Errorf("%+v is %q, want %q", exit, exit, words)
		}
	}
}

// Where the kernel may write a core, the exit says that it did.
func TestExitCore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dir := t.TempDir()
	exit := f.ended(f.sh("ulimit -c unlimited && cd " + dir + " && kill -SEGV $$"))
	if exit.Signal != unix.SIGSEGV {
		t.Fatalf("got %v", exit)
	}
	if !exit.Core {
		t.Skip("no core is written here (core_pattern, ulimit -c)")
	}
	if exit.String() != "killed by SIGSEGV (core dumped)" {
		t.Errorf("got %q", exit)
	}
}

func TestPeekLeavesTheZombie(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in, theirs := f.stdin()
	p := f.sh("read x; exit 7", theirs, f.null, f.null)
	if _, ok, err := p.Peek(); ok || err != nil {
		t.Fatalf("Peek of a running process: %v, %v", ok, err)
	}
	in.Close()
	unix.Close(theirs)
	for range 3 {
		if exit := f.ended(p); exit.Code != 7 {
			t.Errorf("got %v", exit)
		}
		if s := state(p.PID); s != "Z" {
			t.Errorf("after Peek the process is %q, want a zombie", s)
		}
		p.watch.Remove()
	}
	if err := p.Reap(); err != nil {
		t.Fatal(err)
	}
	if s := state(p.PID); s != "" {
		t.Errorf("after Reap the process is %q", s)
	}
	// As if somebody else had reaped it: from Linux 6.15 the pidfd tells.
	if exit, ok, err := p.Peek(); !exit.Unknown && exit.Code != 7 || !ok || err != nil {
		t.Errorf("Peek after Reap: %+v, %v, %v", exit, ok, err)
	}
}

// A process that is not a child tells of its end, but how it ended only after its
// parent has reaped it, and where the kernel can.
func TestPeekOfStranger(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, stdout := f.talk()
	in, stdin := f.stdin()
	// The shell's child outlives it and is nobody's of ours then. It reads from
	// 3, since the shell gives a background job /dev/null for 0.
	parent := f.sh("{ read x <&3; exit 9; } & echo $!", f.null, stdout, f.null, stdin)
	unix.Close(stdin)
	pid := number(t, f.line(out))
	id, err := identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	f.ended(parent)
	p, err := Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if exit, ok, err := p.Peek(); !exit.Unknown || ok || err != nil {
		t.Errorf("while it runs: %+v, %v, %v", exit, ok, err)
	}
	in.Close()
	if exit := f.ended(p); !exit.Unknown && exit != (Exit{Code: 9}) {
		t.Errorf("got %v", exit)
	}
}

func TestExitOf(t *testing.T) {
	t.Parallel()
	for status, want := range map[uint32]Exit{
		0: {}, 0x700: {Code: 7}, 0x0b: {Signal: unix.SIGSEGV}, 0x8b: {Signal: unix.SIGSEGV, Core: true},
	} {
		if got := ExitOf(status); got != want {
			t.Errorf("%#x: %v", status, got)
		}
	}
}

func TestWhenEndedOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.sh("exit 0")
	calls := make(chan struct{}, 10)
	if err := p.WhenEnded(f.loop, func() { calls <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	receive(t, calls)
	// The zombie keeps the pidfd readable. Another round of the loop would call
	// again, if it were not for one shot only.
	round := make(chan struct{})
	for range 3 {
		f.loop.Post(func() { round <- struct{}{} })
		receive(t, round)
	}
	if len(calls) > 0 {
		t.Error("told more than once")
	}
}

func TestWhenEndedAfterClose(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in, theirs := f.stdin()
	p := f.sh("read x", theirs, f.null, f.null)
	told := make(chan struct{}, 1)
	if err := p.WhenEnded(f.loop, func() { told <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	witness, err := Open(p.Identity)
	if err != nil {
		t.Fatal(err)
	}
	defer witness.Close()
	p.Close()
	p.Close() // may be called twice
	in.Close()
	unix.Close(theirs)
	f.ended(witness)
	if len(told) > 0 {
		t.Error("a process that was let go of told of its end")
	}
}

func TestWhenEndedOnClosedLoop(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.sh("exit 0")
	f.loop.Close()
	if err := p.WhenEnded(f.loop, func() {}); err == nil {
		t.Error("a closed loop took a watch")
	} else if errors.Is(err, ErrGone) {
		t.Error(err)
	}
}

// A zombie that its parent leaves alone tells how it ended.
func TestPeekAtZombieOfAnother(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]Exit{"exit 7": {Code: 7}, "kill -9 $BASHPID": {Signal: unix.SIGKILL}} {
		cmd := exec.Command("bash", "-c", "(read x; "+end+") <&0 & echo $!; exec sleep 1000")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
		var pid int
		if _, err := fmt.Fscan(out, &pid); err != nil {
			t.Fatal(err)
		}
		id, err := Identify(pid)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Open(id)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		in.Close()
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(p.Descriptor()), Events: unix.POLLIN}}, 20000); err != nil {
			t.Fatal(err)
		}
		if exit, ok, err := p.Peek(); exit != want || !ok || err != nil {
			t.Errorf("%s: %v, %v, %v", end, exit, ok, err)
		}
	}
}
