package stats

import (
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
		if got := pids(s.Marked(snap, prefix)); got != want {
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
