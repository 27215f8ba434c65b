package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func openHome(t *testing.T) *Home {
	t.Helper()
	h, err := OpenHome(filepath.Join(t.TempDir(), "home"))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestOpenHomeMakesPrivateFolders(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	for _, dir := range []string{"", "run", "specs", "logs", "pids"} {
		wantMode(t, filepath.Join(h.Dir, dir), 0o700)
	}
}

func TestOpenHomeTightensWiderModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	if err := errors.Join(os.Mkdir(run, 0o755), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHome(dir); err != nil {
		t.Fatal(err)
	}
	wantMode(t, dir, 0o700)
	wantMode(t, run, 0o700)
}

func TestOpenHomeRefusesRelativePath(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", ".hub", "../hub"} {
		if _, err := OpenHome(dir); err == nil || !strings.Contains(err.Error(), "not an absolute path") {
			t.Errorf("OpenHome(%q): %v", dir, err)
		}
	}
}

func TestOpenHomeRefusesFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHome(file); err == nil {
		t.Error("a file passed for a home")
	}
}

// Not parallel: a child that another test forks has the lock's descriptor too,
// until its exec.
func TestLockIsExclusive(t *testing.T) {
	h := openHome(t)
	first, err := h.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Lock(); !errors.Is(err, ErrLocked) {
		t.Errorf("second lock in this process: %v, want ErrLocked", err)
	}
	if said := startChild(t, "lock", h.Dir).line(t); said != "locked" {
		t.Errorf("second lock in another process: %s, want ErrLocked", said)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := h.Lock()
	if err != nil {
		t.Fatalf("lock after it was given up: %v", err)
	}
	again.Close()
}

func TestLockIsFreeAfterKill(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	c := startChild(t, "lock", h.Dir)
	if said := c.line(t); said != "held" {
		t.Fatal(said)
	}
	if _, err := h.Lock(); !errors.Is(err, ErrLocked) {
		t.Fatalf("lock while a child has it: %v", err)
	}
	c.kill()
	lock, err := h.Lock()
	if err != nil {
		t.Fatalf("lock after kill -9 of its holder: %v", err)
	}
	lock.Close()
}

func TestLockOfRemovedHome(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	lock, err := h.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := lock.Valid(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(h.Dir); err != nil {
		t.Fatal(err)
	}
	if err := lock.Valid(); err == nil {
		t.Error("the lock is valid although the home is gone")
	}
	if _, err := OpenHome(h.Dir); err != nil {
		t.Fatal(err)
	}
	other, err := h.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := lock.Valid(); err == nil {
		t.Error("the lock is valid although the home was made anew")
	}
}

func TestLockDoesNotFollowLink(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	if err := os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), h.path("hubd.lock")); err != nil {
		t.Fatal(err)
	}
	if lock, err := h.Lock(); err == nil {
		lock.Close()
		t.Error("the lock was taken through a symbolic link")
	}
}

func TestPidFile(t *testing.T) {
	t.Parallel()
	h := openHome(t)
	if err := h.WritePid(); err != nil {
		t.Fatal(err)
	}
	if text := read(t, h.PidPath()); text != strconv.Itoa(os.Getpid())+"\n" {
		t.Errorf("hubd.pid holds %q", text)
	}
	for range 2 { // the second time it is missing
		if err := h.RemovePid(); err != nil {
			t.Error(err)
		}
	}
	wantMissing(t, h.PidPath())
}

func wantMode(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != mode {
		t.Errorf("%s has mode %v, want %v", path, got, mode)
	}
}

func wantMissing(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v, want it to be missing", path, err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
