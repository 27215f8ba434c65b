package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/cgroup"
	"github.com/rogpeppe/go-internal/testscript"
)

// binaries is the folder with the programs under test.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); !given(f.Name) {
		// Scripts wait for time-outs more than they compute.
		if err := f.Value.Set("12"); err != nil {
			fmt.Fprintln(os.Stderr, "parallel:", err)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "hub-e2e")
	if err == nil {
		defer os.RemoveAll(dir)
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the programs:", err)
		return 1
	}
	binaries = dir
	return m.Run()
}

// given reports whether a flag was on the command line.
func given(name string) (found bool) {
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// build builds the programs into dir, as they are shipped unless the race
// detector is asked for.
func build(dir string) error {
	args := []string{"build", "-buildvcs=false", "-o", dir + "/"}
	cgo := "CGO_ENABLED=0"
	if os.Getenv("HUB_E2E_RACE") == "1" {
		args, cgo = append(args, "-race"), "CGO_ENABLED=1"
	}
	cmd := exec.Command("go", append(args, "./cmd/hubd", "./cmd/hub-keeper", "./cmd/hubctl", "./apps/central-hub", "./apps/session-manager-stub", "./tests/e2e/child")...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUp,
		Cmds:                commands(),
		Condition:           condition,
	})
}

// condition decides what scripts ask in brackets beside testscript's own.
func condition(name string) (bool, error) {
	switch name {
	case "protected": // a program may keep itself from the OOM killer
		return exec.Command("sh", "-c", "echo -200 >/proc/self/oom_score_adj").Run() == nil, nil
	case "cgroups": // a program may make cgroups of version 2
		_, err := cgroup.Open("hub-e2e")
		return err == nil, nil
	case "root-mount": // a test may mount file systems
		return mayMount()
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// setUp gives a script its own home and an environment with little else.
func setUp(env *testscript.Env) error {
	// Not under the work folder: that path is long, and a socket's address
	// holds 108 bytes.
	home, err := os.MkdirTemp("", "hub")
	if err != nil {
		return err
	}
	env.Vars = append(env.Vars, environ(home, env.WorkDir)...)
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	env.Setenv("REPOSITORY", repository)
	env.Defer(func() {
		defer os.RemoveAll(home)
		defer unmountAll(home)
		failed, ok := env.T().(interface{ Failed() bool })
		if ok && failed.Failed() {
			env.T().Log(hubdLog(home))
		}
		if left := end(home, env.WorkDir); left != "" {
			env.T().Fatal(left + hubdLog(home))
		}
	})
	return nil
}

// environ is the environment of a caller with the given hub home.
func environ(home, dir string) []string {
	return []string{
		"PATH=" + binaries + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + dir,
		"HUB_HOME=" + home,
		"TZ=UTC",
		"LC_ALL=C.UTF-8",
	}
}

// hubdLog returns the end of the daemon's log, for a test that failed.
func hubdLog(home string) string {
	const last = 60
	data, err := os.ReadFile(filepath.Join(home, "hubd.log"))
	if err != nil {
		return "no hubd.log: " + err.Error()
	}
	lines := strings.SplitAfter(string(data), "\n")
	return "hubd.log:\n" + strings.Join(lines[max(0, len(lines)-last):], "")
}
