package account

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTextSaysWhoWroteIt(t *testing.T) {
	t.Parallel()
	const key = "b0a2e5c4-0000-4000-8000-000000000000-3-77-out"
	long := 0
	for seq := 1; seq <= 2000; seq++ {
		for _, mixed := range []bool{false, true} {
			text := Text(key, seq, mixed)
			if k, n, ok := Head(text); !ok || k != key || n != seq {
				t.Fatalf("head of line %d: %q %d %v", seq, k, n, ok)
			}
			if len(text) > 64<<10 {
				long++
			}
			if len(text) > page && !strings.Contains(text[len(text)-len(text)%page:], key) {
				t.Fatalf("the end of line %d does not say who wrote it", seq)
			}
		}
	}
	if long == 0 {
		t.Error("no line is longer than a pipe")
	}
	for _, text := range []string{"", "x", "x ", "x y z", "x 1", "x 0 "} {
		if _, _, ok := Head(text); ok {
			t.Errorf("%q has a head", text)
		}
	}
}

func TestNeighboursHaveOtherFates(t *testing.T) {
	t.Parallel()
	last := ""
	for generation := range 200 {
		fate := FateOf(generation).String()
		if fate == last || fate == "exited with code 0" {
			t.Errorf("generation %d: %s", generation, fate)
		}
		last = fate
	}
}

// The environment is the process's: no parallel test.
func TestBookIsRead(t *testing.T) {
	dir := t.TempDir()
	for name, value := range map[string]string{
		BooksVar: dir, "HUB_INSTANCE": "home:uuid:3", "pm_id": "4", "name": "app", "NODE_APP_INSTANCE": "2",
	} {
		t.Setenv(name, value)
	}
	b, err := Open(true, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{Out, Err, Out} {
		if err := b.Wrote(stream); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Ends(FateOf(3)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "killed-at-once"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "killed-later"), []byte("start 9 home:uuid:4 4 app 0 child short\nout 1\nout 2\nfault x y\ngot 7\nout 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	lives, err := Read(dir)
	if err != nil || len(lives) != 2 {
		t.Fatalf("%d lives, error %v", len(lives), err)
	}
	first, second := lives[0], lives[1]
	if !first.Main || !first.Mixed || first.Launch() != "uuid:3" || first.ID != 4 || first.Number != 2 || first.PID != os.Getpid() ||
		first.Done[Out] != 2 || first.Done[Err] != 1 || first.Exit != "killed by SIGKILL" {
		t.Errorf("read %+v", first)
	}
	if second.Main || second.Mixed || second.Done[Out] != 2 || second.Exit != "" || !slices.Equal(second.Faults, []string{"x y"}) || !slices.Equal(second.Got, []int{7}) {
		t.Errorf("read %+v", second)
	}
}
