package proc

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// stdin is a pipe whose read end is the child's.
func (f *fixture) stdin() (ours *os.File, theirs int) {
	f.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		f.Fatal(err)
	}
	ours = os.NewFile(uintptr(p[1]), "write end")
	f.Cleanup(func() { ours.Close() })
	return ours, p[0]
}

// openEnded is an input that ends with the test.
func (f *fixture) openEnded() int {
	f.Helper()
	_, theirs := f.stdin()
	f.Cleanup(func() { unix.Close(theirs) })
	return theirs
}

// The child says that it is up before its descriptors are looked at: its loader
// has opened and closed some by then.
func TestChildHasItsDescriptorsAndNoOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, stdout := f.talk()
	for _, extra := range []int{0, 2} {
		files := []int{f.openEnded(), stdout, f.null}
		want := []string{"0", "1", "2"}
		for n := range extra {
			files = append(files, f.null)
			want = append(want, strconv.Itoa(3+n))
		}
		p := f.sh("echo up; read x", files...)
		f.line(out)
		entries, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(p.PID), "fd"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if !slices.Equal(got, want) {
			t.Errorf("the child has descriptors %v, want %v", got, want)
		}
	}
}

// Files may stand in any order, even in each other's places.
func TestChildGetsFilesInOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, aEnd := f.talk()
	b, bEnd := f.talk()
	f.sh("echo one; echo two >&2", f.null, max(aEnd, bEnd), min(aEnd, bEnd))
	if bEnd > aEnd {
		a, b = b, a
	}
	if one, two := f.line(a), f.line(b); one != "one" || two != "two" {
		t.Errorf("got %q and %q", one, two)
	}
}

func TestChildLeadsItsSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.sh("read x", f.openEnded(), f.null, f.null)
	sid, err := unix.Getsid(p.PID)
	if err != nil || sid != p.PID {
		t.Errorf("session %d of process %d: %v", sid, p.PID, err)
	}
	group, err := unix.Getpgid(p.PID)
	if err != nil || group != p.PID {
		t.Errorf("group %d of process %d: %v", group, p.PID, err)
	}
}

func TestChildGetsEnvironmentAndFolder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	out, stdout := f.talk()
	p, err := Start(Command{
		Path: "/bin/sh", Args: []string{"a name", "-c", `echo "$0|$A|$HOME|$(pwd)"`},
		Env: []string{"A=1 2"}, Dir: dir, Files: []int{f.null, stdout, f.null},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got, want := f.line(out), "a name|1 2||"+dir; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	f.ended(p)
	if err := p.Reap(); err != nil {
		t.Fatal(err)
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dir := t.TempDir()
	file := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := file("plain", "#!/bin/sh\n", 0o644)
	noHead := file("no-head", "echo hello\n", 0o755)
	lost := file("lost", "#!/no/such/interpreter\n", 0o755)
	cases := []struct {
		name      string
		path, dir string
		is        error
		says      []string
	}{
		{"no execute bit", plain, dir, unix.EACCES, []string{plain, "execute bit", "chmod +x", "interpreter"}},
		{"no #! line", noHead, dir, unix.ENOEXEC, []string{noHead, "#! line"}},
		{"missing interpreter", lost, dir, unix.ENOENT, []string{lost, "#! interpreter", "does not exist"}},
		{"missing program", filepath.Join(dir, "none"), dir, unix.ENOENT, []string{"none"}},
		{"a folder", dir, dir, unix.EACCES, []string{dir}},
		{"missing folder", "/bin/sh", filepath.Join(dir, "gone"), fs.ErrNotExist, []string{"working directory", "gone"}},
		{"a file for a folder", "/bin/sh", plain, nil, []string{"working directory", plain, "is not a directory"}},
	}
	for _, c := range cases {
		p, err := Start(Command{Path: c.path, Args: []string{c.path}, Dir: c.dir, Files: []int{f.null, f.null, f.null}})
		if err == nil {
			f.ended(p)
			t.Errorf("%s: started", c.name)
			continue
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v is not %v", c.name, err, c.is)
		}
		for _, word := range c.says {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q does not say %q", c.name, err, word)
			}
		}
	}
}

// Not parallel, so that only its own descriptors come and go.
func TestNoDescriptorIsLeft(t *testing.T) {
	f := newFixture(t)
	before := descriptors(t)
	for range 50 {
		p, err := Start(Command{Path: "/bin/true", Args: []string{"true"}, Dir: "/", Files: []int{f.null, f.null, f.null}})
		if err != nil {
			t.Fatal(err)
		}
		f.ended(p)
		if err := p.Reap(); err != nil {
			t.Fatal(err)
		}
		p.Close()
		if _, err := Start(Command{Path: "/none", Args: []string{"none"}, Dir: "/", Files: []int{f.null}}); err == nil {
			t.Fatal("a missing program was started")
		}
		if _, err := Open(Identity{PID: os.Getpid(), Start: 1}); !errors.Is(err, ErrGone) {
			t.Fatal(err)
		}
	}
	if after := descriptors(t); !slices.Equal(before, after) {
		t.Errorf("descriptors before %v, after %v", before, after)
	}
}

func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestLookup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{"a/prog", "b/prog", "b/other", "here", "cwd/here"} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// In front of the ones that count: a folder and a file that can't be executed.
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "a/other"), 0o755),
		os.Mkdir(filepath.Join(dir, "c"), 0o755), os.WriteFile(filepath.Join(dir, "c/prog"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	cwd := in("cwd")
	cases := []struct{ name, path, want string }{
		{"/bin/sh", "", "/bin/sh"},
		{"/no/such", "", "/no/such"}, // execve tells
		{"./here", in("a"), in("cwd/here")},
		{"../here", in("a"), in("here")},
		{"prog", in("a") + ":" + in("b"), in("a/prog")},
		{"prog", in("b") + ":" + in("a"), in("b/prog")},
		{"prog", in("c") + ":" + in("b"), in("b/prog")},
		{"other", in("a") + ":" + in("b"), in("b/other")},
		{"here", in("a") + ":", in("cwd/here")},
		{"here", ":" + in("a"), in("cwd/here")},
		{"prog", "../a", in("a/prog")},
		{"here", in("a"), ""},
		{"prog", "", ""},
	}
	for _, c := range cases {
		got, err := Lookup(c.name, c.path, cwd)
		switch {
		case got != c.want:
			t.Errorf("Lookup(%q, %q): %q, want %q", c.name, c.path, got, c.want)
		case c.want == "" && (err == nil || !strings.Contains(err.Error(), c.name+" is not in PATH")):
			t.Errorf("Lookup(%q, %q): %v", c.name, c.path, err)
		}
	}
}

func BenchmarkStart(b *testing.B) { benchmarkStart(b, nil) }

func benchmarkStart(b *testing.B, shim []string) {
	f := newFixture(b)
	b.ReportAllocs()
	for b.Loop() {
		p, err := Start(Command{Path: "/bin/true", Args: []string{"true"}, Dir: "/", Files: []int{f.null, f.null, f.null}, Shim: shim})
		if err != nil {
			b.Fatal(err)
		}
		f.ended(p)
		if err := p.Reap(); err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}
