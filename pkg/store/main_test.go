package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// childMode in the environment makes the test binary a second process.
const childMode = "HUB_TEST_STORE"

func TestMain(m *testing.M) {
	mode, arg, _ := strings.Cut(os.Getenv(childMode), " ")
	switch mode {
	case "":
		os.Exit(m.Run())
	case "lock":
		lockForEver(arg)
	case "runtime":
		writeRuntimeForEver(arg)
	case "full":
		writeOnFullDisk(arg)
	}
}

// lockForEver says how taking the lock went and keeps it until stdin ends.
func lockForEver(dir string) {
	h := &Home{Dir: dir}
	lock, err := h.Lock()
	switch {
	case errors.Is(err, ErrLocked):
		fmt.Println("locked")
		return
	case err != nil:
		fmt.Println(err)
		return
	}
	defer lock.Close()
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// content is what the writers of these tests write: two fields that must agree,
// and a filling whose length follows from them.
type content struct {
	N    int
	Text string
	Same int
}

func contentOf(n int) content {
	return content{n, strings.Repeat("x", n*37%3000), n}
}

func (c content) whole() bool { return c == contentOf(c.N) }

func writeRuntimeForEver(path string) {
	fmt.Println("writing")
	for n := 0; ; n++ {
		if err := WriteRuntime(path, contentOf(n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// writeOnFullDisk replaces a file where no file may grow beyond a few bytes,
// which is the nearest thing to a full disk that needs no privileges.
func writeOnFullDisk(path string) {
	limit := unix.Rlimit{Cur: 4, Max: 4}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		os.Exit(3)
	}
	data := []byte(strings.Repeat("new content ", 100))
	for range 3 {
		if err := WriteDurable(path, data); !errors.Is(err, unix.EFBIG) {
			fmt.Fprintln(os.Stderr, "WriteDurable:", err)
			os.Exit(1)
		}
	}
}

// child is the test binary in another mode.
type child struct {
	*exec.Cmd
	out   *bufio.Reader
	stdin io.Closer
}

// startChild starts the test binary in a mode; it is killed with the test.
func startChild(t *testing.T, mode, arg string) *child {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	// The race detector lets a program linger for a second at its end.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", childMode+"="+mode+" "+arg)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd, bufio.NewReader(out), in}
	t.Cleanup(c.kill)
	return c
}

// line is the child's next line of output.
func (c *child) line(t *testing.T) string {
	t.Helper()
	text, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the child said %q: %v", text, err)
	}
	return strings.TrimSpace(text)
}

// kill ends the child with SIGKILL and waits for it; it may be called twice.
func (c *child) kill() {
	if c.ProcessState == nil {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
}
