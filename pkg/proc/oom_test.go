package proc

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOOM runs in a process of its own: the score is one for all of a process.
func TestOOM(t *testing.T) {
	t.Parallel()
	const inner = "HUB_TEST_OOM"
	if os.Getenv(inner) == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestOOM$")
		cmd.Env = append(os.Environ(), inner+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	// Anybody may raise it; what resets a low one resets a high one.
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("300"), 0); err != nil {
		t.Fatal(err)
	}
	for reset, want := range map[bool]string{true: "0", false: "300"} {
		if got := childScore(t, reset); got != want {
			t.Errorf("with ResetOOM %v the child has %s, want %s", reset, got, want)
		}
	}
	if protected, err := OOMProtected(); err != nil || protected {
		t.Errorf("with 300: %v, %v", protected, err)
	}
	if os.WriteFile("/proc/self/oom_score_adj", []byte("-200"), 0) != nil {
		return // it takes CAP_SYS_RESOURCE
	}
	if protected, err := OOMProtected(); err != nil || !protected {
		t.Errorf("with -200: %v, %v", protected, err)
	}
	if got := childScore(t, true); got != "0" {
		t.Errorf("with -200 the child has %s", got)
	}
}

// childScore starts a child and returns its oom_score_adj.
func childScore(t *testing.T, reset bool) string {
	t.Helper()
	f := newFixture(t)
	out, stdout := f.talk()
	in, stdin := f.stdin()
	defer unix.Close(stdin)
	p, err := Start(Command{
		// It looks after a line that comes when Start has returned.
		Path: "/bin/sh", Args: []string{"sh", "-c", "read x; cat /proc/self/oom_score_adj"},
		Env: []string{"PATH=" + os.Getenv("PATH")}, Dir: "/", Files: []int{stdin, stdout, f.null}, ResetOOM: reset,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := in.WriteString("go\n"); err != nil {
		t.Fatal(err)
	}
	score := f.line(out)
	f.ended(p)
	if err := p.Reap(); err != nil {
		t.Error(err)
	}
	return score
}

// A child that has ended before its turn is no error.
func TestResetOOMOfTheDead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.sh("exit 0")
	f.ended(p)
	if err := resetOOM(p.PID); err != nil {
		t.Error(err)
	}
}
