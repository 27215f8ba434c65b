package proc

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// protect lowers the oom_score_adj of this process, which only root may do.
func protect(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("-200"), 0); err != nil {
		t.Skip("not privileged:", err)
	}
}

// TestOOM runs in a process of its own: the score is one for all of a process.
func TestOOM(t *testing.T) {
	t.Parallel()
	const inner = "HUB_TEST_OOM"
	if os.Getenv(inner) == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestOOM$", "-test.v")
		cmd.Env = append(os.Environ(), inner+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if protected, err := OOMProtected(); err != nil || protected {
		t.Errorf("before: %v, %v", protected, err)
	}
	protect(t)
	if protected, err := OOMProtected(); err != nil || !protected {
		t.Errorf("after: %v, %v", protected, err)
	}
	f := newFixture(t)
	for reset, want := range map[bool]string{true: "0", false: "-200"} {
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
		if _, err := in.WriteString("go\n"); err != nil {
			t.Fatal(err)
		}
		if got := f.line(out); got != want {
			t.Errorf("with ResetOOM %v the child has %s, want %s", reset, got, want)
		}
		f.ended(p)
		if err := p.Reap(); err != nil {
			t.Error(err)
		}
		p.Close()
	}
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
