package stats

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestMarked(t *testing.T) {
	t.Parallel()
	s, snap := recorded(t)
	for prefix, want := range map[string]string{
		"": "205", "home:uuid-a:": "205", "home:uuid-a:3": "205", "home:uuid-b:": "", "other": "",
	} {
		found, _ := s.Marked(snap, prefix)
		if got := pids(found); got != want {
			t.Errorf("Marked(%q) = %q, want %q", prefix, got, want)
		}
	}
}

func TestVariable(t *testing.T) {
	t.Parallel()
	for environ, want := range map[string]string{
		"":                         "",
		"V=1":                      "1",
		"V=\x00":                   "",
		"VX=2\x00XV=3\x00V=a=b":    "a=b",
		"V\x00V=first\x00V=second": "first",
	} {
		if got := variable([]byte(environ), "V"); got != want {
			t.Errorf("variable(%q) = %q, want %q", environ, got, want)
		}
	}
}

func TestMarkIsReadOnceAndForgottenWithItsProcess(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	environ := root + "/7/environ"
	if err := os.Mkdir(root+"/7", 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(mark string) {
		if err := os.WriteFile(environ, []byte(MarkVariable+"="+mark), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newScanner(root)
	p := Proc{PID: 7, Start: 1, State: 'S'}
	write("one")
	first := s.Mark(p)
	write("two")
	if again := s.Mark(p); first != "one" || again != "one" {
		t.Errorf("marks %q, %q, want one twice", first, again)
	}
	later := p
	later.Start = 2 // the number was given to another process
	if got := s.Mark(later); got != "two" {
		t.Errorf("mark of the next process %q", got)
	}
	s.marks.keep(newSnapshot(time.Now(), 0, []Proc{later}))
	if len(s.marks.known) != 1 {
		t.Errorf("remembered: %v, want only the living one", s.marks.known)
	}
}

func TestMissingMarkOfYoungProcessIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := newScanner(t.TempDir())
	now := uint64(uptime() / ticks(1))
	s.Mark(Proc{PID: 7, Start: now, State: 'S'})
	s.Mark(Proc{PID: 8, Start: now - 1000, State: 'S'})
	if _, known := s.marks.known[identity{7, now}]; known {
		t.Error("a process that may not have reached its exec is remembered as unmarked")
	}
	if _, known := s.marks.known[identity{8, now - 1000}]; !known {
		t.Error("a settled process without a mark is not remembered")
	}
}

func TestMarkOfDeadProcess(t *testing.T) {
	t.Parallel()
	s := NewScanner()
	if got := s.Mark(Proc{PID: int32(os.Getpid()), Start: 1, State: 'Z', Threads: 1}); got != "" || len(s.marks.known) != 0 {
		t.Errorf("mark %q, remembered %v", got, s.marks.known)
	}
}

// A process in the midst of execve(2) shows no environment: whoever asks must
// not take it for one without a mark.
func TestMarkedIsNotSureOfAYoungProcessWithoutEnvironment(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	now := uint64(uptime() / ticks(1))
	for name, c := range map[string]struct {
		p       Proc
		environ string
		sure    bool
	}{
		"in exec":             {Proc{PID: 7, PPID: 1, Start: now}, "", false},
		"settled, has none":   {Proc{PID: 8, PPID: 1, Start: now - 1000}, "", true},
		"young, unmarked":     {Proc{PID: 9, PPID: 1, Start: now}, "A=1", true},
		"young kernel thread": {Proc{PID: 10, PPID: kthreadd, Start: now}, "", true},
	} {
		dir := fmt.Sprintf("%s/%d", root, c.p.PID)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(dir+"/environ", []byte(c.environ), 0o600)); err != nil {
			t.Fatal(err)
		}
		s := newScanner(root)
		found, doubtful := s.Marked(newSnapshot(time.Now(), 0, []Proc{c.p}), "")
		if len(found) > 0 || (len(doubtful) == 0) != c.sure {
			t.Errorf("%s: found %v, doubtful %v", name, found, doubtful)
		}
		if _, known := s.marks.known[identity{c.p.PID, c.p.Start}]; known && c.environ == "" {
			t.Errorf("%s: remembered as unmarked", name)
		}
	}
}
