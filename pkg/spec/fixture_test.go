package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fixture is a folder with a few scripts, a hub home, and a PATH of its own in
// which only the given programs exist.
type fixture struct {
	t       *testing.T
	dir     string
	options Options
}

func newFixture(t *testing.T, programs ...string) *fixture {
	t.Helper()
	dir := t.TempDir()
	f := &fixture{t: t, dir: dir, options: Options{
		Home:     filepath.Join(dir, "hub"),
		Dir:      dir,
		Env:      []string{"HOME=" + dir, "PATH=" + filepath.Join(dir, "bin")},
		Username: "ops",
		CPUs:     4,
	}}
	for _, program := range programs {
		f.file("bin/"+program, "#!/bin/sh\n")
	}
	f.file("app.js", "")
	return f
}

func (f *fixture) path(name string) string { return filepath.Join(f.dir, name) }

func (f *fixture) file(name, content string) {
	f.t.Helper()
	path := f.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		f.t.Fatal(err)
	}
}

// resolve reads text as the file name in the fixture's folder.
func (f *fixture) resolve(name, text string) ([]Spec, []Problem, error) {
	f.t.Helper()
	file, err := Parse(f.path(name), []byte(text))
	if err != nil {
		return nil, nil, err
	}
	return file.Resolve(f.options)
}

// one resolves a file of one app that must be right.
func (f *fixture) one(text string) Spec {
	f.t.Helper()
	specs, _, err := f.resolve("ecosystem.yaml", text)
	if err != nil {
		f.t.Fatalf("resolve:\n%s\n%v", text, err)
	}
	if len(specs) != 1 {
		f.t.Fatalf("got %d specs, want 1", len(specs))
	}
	if err := specs[0].Validate(); err != nil {
		f.t.Errorf("Validate refuses what Resolve returned: %v", err)
	}
	return specs[0]
}

// text puts problems into one string with paths relative to the folder.
func (f *fixture) text(problems Problems) string {
	return strings.ReplaceAll(problems.Error(), f.dir+"/", "")
}

func failure(t *testing.T, err error) Problems {
	t.Helper()
	problems, ok := err.(Problems)
	if !ok {
		t.Fatalf("error is %T (%v), want Problems", err, err)
	}
	return problems
}
