package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() // below /tmp, which has the sticky bit
	path := func(name string) string { return filepath.Join(dir, name) }
	mkdir := func(name string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.Mkdir(path(name), 0o700), os.Chmod(path(name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	mkfile := func(name string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path(name), []byte("x"), 0o600), os.Chmod(path(name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	mkdir("own", 0o755)
	mkfile("own/good", 0o644)
	mkfile("own/shared", 0o646)
	mkdir("open", 0o757)
	mkfile("open/file", 0o600)
	mkdir("sticky", 0o777|os.ModeSticky)
	mkfile("sticky/file", 0o600)
	if err := errors.Join(os.Symlink(path("own/good"), path("open/link")), os.Symlink(path("open"), path("own/open"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"own/good":      "",
		"sticky/file":   "",
		"own/shared":    "own/shared may be written by everybody",
		"open/file":     "open may be written by everybody",
		"open/link":     "open may be written by everybody",
		"own/open/file": "open may be written by everybody",
		"own":           "is no regular file",
		"missing":       "no such file",
	} {
		text, err := readOwn(path(name))
		switch {
		case want == "" && (err != nil || string(text) != "x"):
			t.Errorf("%s: %q, %v", name, text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestReadOwnOfOthers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Skipf("only root gives files away: %v", err)
	}
	var others *othersMayWrite
	if _, err := readOwn(path); !errors.As(err, &others) || !strings.Contains(err.Error(), "belongs to another user (uid 65534)") {
		t.Errorf("got %v", err)
	}
}

func TestSoleMember(t *testing.T) {
	t.Parallel()
	const users = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\neve:x:1002:1001::/:/bin/sh\nodd\n"
	const groups = "root:x:0:\nann:x:1000:\nbob:x:1001:bob\nstaff:x:50:ann,bob\nmine:x:60:ann\nodd\n"
	for _, c := range []struct {
		uid, gid uint32
		want     bool
	}{
		{1000, 1000, true},  // a group of her own
		{1000, 60, true},    // she is its only member
		{0, 1000, false},    // root's file in her group
		{1000, 50, false},   // he is in it
		{1001, 1001, false}, // it is somebody else's first group
		{1000, 70, false},   // nobody knows who is in it
	} {
		if got := soleMember(c.uid, c.gid, users, groups); got != c.want {
			t.Errorf("uid %d, gid %d: %v, want %v", c.uid, c.gid, got, c.want)
		}
	}
}

// A FIFO where a file was is refused at once.
func TestReadOwnOfAFIFO(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "apps.yaml")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readOwn(path); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("got %v", err)
	}
}

// A link between the path and the file that somebody else may change is seen.
func TestReadOwnLooksAtEachLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(
		os.Mkdir(path("own"), 0o700), os.Mkdir(path("open"), 0o700), os.Chmod(path("open"), 0o777),
		os.WriteFile(path("own/good"), []byte("x"), 0o600),
		os.Symlink("good", path("own/near")), os.Symlink(path("own/near"), path("own/far")),
		os.Symlink(path("own/good"), path("open/link")), os.Symlink(path("open/link"), path("own/link")),
		os.Symlink(path("own"), path("open/dir")), os.Symlink(path("open/dir"), path("dir")),
		os.Symlink("loop", path("own/loop")),
	); err != nil {
		t.Fatal(err)
	}
	for name, others := range map[string]bool{"own/far": false, "own/link": true, "open/link": true, "dir/good": true} {
		var found *othersMayWrite
		if _, err := readOwn(path(name)); errors.As(err, &found) != others || !others && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := readOwn(path("own/loop")); !errors.Is(err, unix.ELOOP) {
		t.Errorf("a loop: %v", err)
	}
}
