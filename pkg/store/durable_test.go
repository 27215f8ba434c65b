package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// saved is a file that is written durably, in a folder of its own.
type saved struct {
	t    *testing.T
	path string
}

func newSaved(t *testing.T) saved { return saved{t, filepath.Join(t.TempDir(), "dump.json")} }

func (s saved) write(text string) {
	s.t.Helper()
	if err := WriteDurable(s.path, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

// want compares the file, the one before it ("" for none), and that nothing
// else is in the folder.
func (s saved) want(now, before string) {
	s.t.Helper()
	if got := read(s.t, s.path); got != now {
		s.t.Errorf("the file holds %q, want %q", got, now)
	}
	names := []string{"dump.json"}
	if before != "" {
		names = append(names, "dump.json.bak")
		if got := read(s.t, s.path+".bak"); got != before {
			s.t.Errorf("the one before holds %q, want %q", got, before)
		}
	}
	if got := list(s.t, filepath.Dir(s.path)); !slices.Equal(got, names) {
		s.t.Errorf("the folder holds %v, want %v", got, names)
	}
}

func TestWriteDurableKeepsTheOneBefore(t *testing.T) {
	t.Parallel()
	s := newSaved(t)
	s.write("one")
	s.want("one", "")
	s.write("two, longer")
	s.want("two, longer", "one")
	s.write("3")
	s.want("3", "two, longer")
	wantMode(t, s.path, 0o600)
}

// Each case is the folder as a crash between two steps of a write left it. The
// next writes must go on as if nothing had been.
func TestWriteDurableAfterCrash(t *testing.T) {
	t.Parallel()
	link := func(from, to string) func(saved) error {
		return func(s saved) error { return os.Link(s.path+from, s.path+to) }
	}
	stray := func(name, text string) func(saved) error {
		return func(s saved) error {
			return os.WriteFile(filepath.Join(filepath.Dir(s.path), name), []byte(text), 0o600)
		}
	}
	cases := map[string]struct {
		crash []func(saved) error
	}{
		"first save, second name made":     {crash: []func(saved) error{link("", ".bak.new")}},
		"first save, second name in place": {crash: []func(saved) error{link("", ".bak")}},
		"later save, second name made":     {crash: []func(saved) error{stray("dump.json.bak", "zero"), link("", ".bak.new")}},
		"both names":                       {crash: []func(saved) error{link("", ".bak"), link("", ".bak.new")}},
		"an older second name":             {crash: []func(saved) error{stray("dump.json.bak.new", "stale")}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSaved(t)
			s.write("one")
			for _, step := range c.crash {
				if err := step(s); err != nil {
					t.Fatal(err)
				}
			}
			s.write("two")
			s.want("two", "one")
			s.write("three")
			s.want("three", "two")
			s.write("four")
			s.want("four", "three")
		})
	}
}

// The second name can't be made: nothing is touched.
func TestWriteDurableRenameFails(t *testing.T) {
	t.Parallel()
	s := newSaved(t)
	s.write("one")
	if err := os.MkdirAll(filepath.Join(s.path+".bak", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteDurable(s.path, []byte("two")); err == nil {
		t.Error("written although the old content could not be kept")
	}
	if got := read(t, s.path); got != "one" {
		t.Errorf("the file holds %q", got)
	}
	wantMissing(t, s.path+".bak.new")
}

func TestWriteDurableFolderMissing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "dump.json")
	if err := WriteDurable(path, []byte("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A disk that fills up leaves the old content and the one before it.
func TestWriteDurableFileTooLarge(t *testing.T) {
	t.Parallel()
	s := newSaved(t)
	s.write("one")
	s.write("two")
	c := startChild(t, "full", s.path)
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	s.want("two", "one")
	s.write("three")
	s.want("three", "two")
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=16k"); err != nil {
		t.Skip("a file system of its own needs root:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s := saved{t, filepath.Join(dir, "dump.json")}
	s.write("one")
	s.write("two")
	if err := WriteDurable(s.path, make([]byte, 64<<10)); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("64 KiB on a disk of 16: %v", err)
	}
	s.want("two", "one")

	record := filepath.Join(dir, "record.json")
	if err := WriteRuntime(record, contentOf(1)); err != nil {
		t.Fatal(err)
	}
	if err := WriteRuntime(record, make([]byte, 64<<10)); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("a record of 64 KiB on a disk of 16: %v", err)
	}
	var got content
	if err := ReadJSON(record, &got); err != nil || got != contentOf(1) {
		t.Errorf("the record holds %+v: %v", got, err)
	}
	if got := list(t, dir); !slices.Equal(got, []string{"dump.json", "dump.json.bak", "record.json"}) {
		t.Errorf("the folder holds %v", got)
	}
}
