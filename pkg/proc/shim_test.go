package proc

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildKeeper builds the program that is the shim in real life.
func buildKeeper(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "hub-keeper")
	// As in the Makefile, so that the build is found in Go's cache.
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", program, "../../cmd/hub-keeper")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// A start through the shim is one like any other: the same process, the same
// descriptors, the same errors.
func TestStartThroughShim(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	shim := []string{buildKeeper(t), "--listen"}
	out, stdout := f.talk()
	command := Command{
		Path: "/bin/sh", Args: []string{"name", "-c", `echo "$$ $LISTEN_PID $0 $1 $(cd /proc/$$/fd; echo *)"; exit 3`, "zero", "one"},
		Env: []string{"PATH=" + os.Getenv("PATH")}, Dir: "/", Files: []int{f.null, stdout, f.null, f.null}, Shim: shim,
	}
	p, err := Start(command)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	words := strings.Fields(f.line(out))
	pid := number(t, words[0])
	if got := strings.Join(words[1:], " "); pid != p.PID || !strings.HasPrefix(got, words[0]+" zero one 0 1 ") {
		t.Errorf("process %d says %q", p.PID, words)
	}
	if now, err := Identify(p.PID); err == nil && now != p.Identity {
		t.Errorf("the identity is %+v, and was %+v", now, p.Identity)
	}
	if exit := f.ended(p); exit != (Exit{Code: 3}) {
		t.Errorf("got %v", exit)
	}
	if err := p.Reap(); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"plain": "", "format": "nonsense", "no-interpreter": "#!/does/not/exist\n"} {
		mode := os.FileMode(0o755)
		if name == "plain" {
			mode = 0o644
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"plain", "format", "no-interpreter", "missing"} {
		command.Path, command.Args = filepath.Join(dir, name), []string{name}
		command.Shim = nil
		_, want := Start(command)
		command.Shim = shim
		_, got := Start(command)
		if got == nil || want == nil || got.Error() != want.Error() {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	// One that dies before it has executed anything is not taken for the program.
	command.Path, command.Args, command.Shim = "/bin/true", []string{"true"}, shim
	command.Env = []string{"GOMEMLIMIT=nonsense"}
	if _, err := Start(command); !errors.Is(err, errShimDied) {
		t.Errorf("a shim that dies: %v", err)
	}
	// Variables of Go's runtime are the program's.
	command.ShimPrefix = "HUB_APP_"
	if p, err := Start(command); err != nil {
		t.Error(err)
	} else {
		if exit := f.ended(p); exit != (Exit{}) {
			t.Errorf("got %v", exit)
		}
		if err := p.Reap(); err != nil {
			t.Error(err)
		}
		p.Close()
	}
	command.Shim = []string{filepath.Join(dir, "missing")}
	if _, err := Start(command); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("without the shim: %v", err)
	}
}

// BenchmarkStartThroughShim is BenchmarkStart of an app that has sockets.
func BenchmarkStartThroughShim(b *testing.B) {
	benchmarkStart(b, []string{buildKeeper(b), "--listen"})
}
