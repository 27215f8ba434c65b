package stats

import (
	"os"
	"path/filepath"
	"testing"
)

func TestGroup(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(root, "7"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"stat": "7 (x) S 1 7 7 " + statTail, "cgroup": text} {
			if err := os.WriteFile(filepath.Join(root, "7", name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("4:memory:/a\n1:name=systemd:/b\n0::/hub-1/uuid\n")
	s := newScanner(root)
	p, ok := scan(t, s).Proc(7)
	if !ok {
		t.Fatal("no process 7")
	}
	if got := s.Group(p); got != "/hub-1/uuid" {
		t.Errorf("the group is %q", got)
	}
	write("0::/another\n")
	if got := s.Group(p); got != "/hub-1/uuid" {
		t.Errorf("the group is read again: %q", got)
	}
	next := p
	next.Start++
	if got := s.Group(next); got != "/another" {
		t.Errorf("the number's next process is in %q", got)
	}
	for name, p := range map[string]Proc{"gone": {PID: 8}, "dead": {PID: 7, State: 'Z'}} {
		if got := s.Group(p); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if err := os.RemoveAll(filepath.Join(root, "7")); err != nil {
		t.Fatal(err)
	}
	scan(t, s)
	if len(s.groups.known) > 0 {
		t.Errorf("still known: %v", s.groups.known)
	}
	if got := unified([]byte("4:memory:/a\n")); got != "" {
		t.Errorf("without version 2: %q", got)
	}
}
