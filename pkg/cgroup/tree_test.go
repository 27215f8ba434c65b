package cgroup

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// open opens a tree that nobody else has, or skips the test.
func open(t *testing.T) *Tree {
	t.Helper()
	tree, err := Open(fmt.Sprintf("hub-test-%d-%s", os.Getpid(), strings.ToLower(t.Name())))
	if err != nil {
		t.Skip("no cgroups here:", err)
	}
	t.Cleanup(func() {
		if err := tree.Prune(func(string) bool { return false }); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(tree.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", tree.dir, err)
		}
	})
	return tree
}

// live starts a process in a group; it ends with its input.
func live(t *testing.T, tree *Tree, member string) (pid int, end func()) {
	t.Helper()
	fd, err := tree.Group(member)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	cmd := exec.Command("cat")
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: fd}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() {
		in.Close()
		_ = cmd.Wait()
	}
	t.Cleanup(end)
	return cmd.Process.Pid, end
}

func TestGroup(t *testing.T) {
	t.Parallel()
	tree := open(t)
	pid, end := live(t, tree, "a")
	_, endOther := live(t, tree, "a") // the same group again
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(string(text), "0::")
	if got := tree.Member(strings.TrimSpace(path)); got != "a" {
		t.Errorf("the process is in the group of %q: %s", got, text)
	}
	if err := tree.Remove("a"); !errors.Is(err, unix.EBUSY) {
		t.Errorf("a group with processes: %v", err)
	}
	end()
	endOther()
	if err := os.MkdirAll(filepath.Join(tree.dir, "a", "sub", "sub"), 0o755); err != nil { // as an app may do
		t.Fatal(err)
	}
	for range 2 { // the second time it is gone
		if err := tree.Remove("a"); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(tree.dir, "a")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the group: %v", err)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	tree := open(t)
	live(t, tree, "busy")
	for _, name := range []string{"kept", "gone"} {
		fd, err := tree.Group(name)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
	}
	if err := tree.Prune(func(name string) bool { return name == "kept" }); err != nil {
		t.Error(err)
	}
	names, err := folders(tree.dir)
	if got := strings.Join(names, " "); err != nil || got != "busy kept" && got != "kept busy" {
		t.Errorf("left: %s, %v", got, err)
	}
	if err := (&Tree{dir: filepath.Join(t.TempDir(), "none")}).Prune(nil); err != nil {
		t.Errorf("where there is none: %v", err)
	}
}
