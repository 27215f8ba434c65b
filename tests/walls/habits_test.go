package walls

import (
	"debug/elf"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestNoInit(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, name := range p.CgoFiles {
			t.Errorf("%s uses cgo: a static program has none, and its start takes 2 ms less", filepath.Join(p.ImportPath, name))
		}
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					t.Errorf("%s has an init: it runs in every program that links it, tests included; do it where it is used", path)
				}
			}
		}
	}
}

func TestStaticPrograms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// As in the Makefile, so that the build is found in Go's cache.
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", dir+"/",
		module+"cmd/...", module+"apps/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	for _, name := range []string{"hubd", "hub-keeper", "hubctl", "central-hub"} {
		f, err := elf.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, p := range f.Progs {
			if p.Type == elf.PT_INTERP {
				t.Errorf("%s asks for a dynamic loader; it has to run on any machine with this kernel", name)
			}
		}
	}
}
