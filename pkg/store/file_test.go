package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestWriteRuntimeAnyLength(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record.json")
	// Around the edges of what is filled up with blanks and of the page, from
	// short to long and back.
	lengths := []int{0, 1, 509, 510, 511, 512, 3000, 4092, 4093, 4094, 4095, 4096, 9000}
	for n := len(lengths) - 1; n >= 0; n-- {
		lengths = append(lengths, lengths[n])
	}
	for _, n := range lengths {
		want := strings.Repeat("y", n)
		if err := WriteRuntime(path, want); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := ReadJSON(path, &got); err != nil || got != want {
			t.Fatalf("%d bytes: read %d back: %v", n, len(got), err)
		}
		wantMode(t, path, 0o600)
	}
	if names := list(t, filepath.Dir(path)); len(names) != 1 {
		t.Errorf("the folder holds %v", names)
	}
}

// A record is overwritten in place: it stays the same file, which costs a
// hundredth of a rename.
func TestWriteRuntimeKeepsTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record.json")
	var before, after unix.Stat_t
	if err := errors.Join(WriteRuntime(path, contentOf(1)), unix.Stat(path, &before),
		WriteRuntime(path, contentOf(2)), unix.Stat(path, &after)); err != nil {
		t.Fatal(err)
	}
	if before.Ino != after.Ino {
		t.Error("the file was made anew")
	}
}

func TestWriteRuntimeErrors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "record.json")
	if err := WriteRuntime(path, 1); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("no folder: %v", err)
	}
	if err := WriteRuntime(path, make(chan int)); err == nil {
		t.Error("a channel was written as JSON")
	}
}

// A writer that is killed in the middle leaves a whole content.
func TestWriteRuntimeKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "record.json")
	last := -1
	for round := range 30 {
		c := startChild(t, "runtime", path)
		c.line(t)
		// Not a wait for anything: the moment of the kill is to be a different
		// one in each round.
		<-time.After(time.Duration(round*131) * time.Microsecond)
		c.kill()
		var got content
		if err := ReadJSON(path, &got); errors.Is(err, fs.ErrNotExist) {
			continue // killed before its first write
		} else if err != nil {
			t.Fatalf("round %d: %v\n%q", round, err, read(t, path))
		}
		if !got.whole() {
			t.Fatalf("round %d: %+v is a mix", round, got)
		}
		last = got.N
	}
	if last < 0 {
		t.Error("no writer ever got to write")
	}
}

func TestReadJSON(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.json")
	var v any
	if err := ReadJSON(path, &v); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ReadJSON(path, &v); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty file: %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"a":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ReadJSON(path, &v); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("half a file: %v", err)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func BenchmarkWriteRuntime(b *testing.B) {
	path := filepath.Join(b.TempDir(), "record.json")
	v := contentOf(11)
	b.ReportAllocs()
	for b.Loop() {
		if err := WriteRuntime(path, v); err != nil {
			b.Fatal(err)
		}
	}
}

// A daemon that is killed over it leaves its temporary file, and is killed often.
func TestReplaceTakesWhatAKilledWriterLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "hubd.pid")
	if err := os.WriteFile(path+".tmp", []byte("a long rest"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replace(path, []byte("4711\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "4711\n" {
		t.Errorf("%q, %v", got, err)
	}
	if names := list(t, dir); len(names) != 1 {
		t.Errorf("the folder holds %v", names)
	}
}
