package chaos

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var (
	kills = flag.Int("kills", 20, "`number` of kills")
	seed  = flag.Uint64("seed", 0, "`number` that actions and pauses follow from; 0: by chance")
	ways  = flag.String("ways", ".", "`pattern` of the ways of killing")
	long  = flag.Bool("long", false, "measure adoption too")
	keep  = flag.Bool("keep", false, "keep the home of a test that failed")
)

// built are the programs under test: twice, since an upgrade goes from one folder
// to the other; and the app in Go.
var built struct {
	folders [2]string
	child   string
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "hub-chaos")
	if err == nil {
		defer os.RemoveAll(dir)
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the programs:", err)
		return 1
	}
	return m.Run()
}

// build builds the programs as they are shipped unless the race detector is
// asked for.
func build(dir string) error {
	built.folders = [2]string{filepath.Join(dir, "one"), filepath.Join(dir, "two")}
	built.child = filepath.Join(dir, "child")
	args := []string{"build", "-trimpath", "-buildvcs=false"}
	cgo := "CGO_ENABLED=0"
	if os.Getenv("HUB_E2E_RACE") == "1" {
		args, cgo = append(args, "-race"), "CGO_ENABLED=1"
	}
	for _, what := range [][]string{{built.folders[0] + "/", "./cmd/..."}, {built.child, "./tests/chaos/child"}} {
		cmd := exec.Command("go", append(args[:len(args):len(args)], append([]string{"-o"}, what...)...)...)
		cmd.Dir = filepath.Join("..", "..")
		cmd.Env = append(os.Environ(), cgo)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	return copyFolder(built.folders[1], built.folders[0])
}

func copyFolder(to, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		if err := copyFile(filepath.Join(to, e.Name()), filepath.Join(from, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
