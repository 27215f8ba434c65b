package databasetest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

func TestMain(m *testing.M) { Main(m) }

func TestEach(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, db *database.DB) {
		var users int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM ll_usuarios").Scan(&users); err != nil || users != 0 {
			t.Errorf("%d users, %v", users, err)
		}
		if want := strings.HasSuffix(t.Name(), "SQLite"); db.Embedded() != want {
			t.Errorf("embedded: %v", db.Embedded())
		}
	})
}

// childVar makes TestChild the test that is to be ended.
const childVar = "DATABASETEST_CHILD"

// TestChild is what TestNothingIsLeft ends.
func TestChild(t *testing.T) {
	if os.Getenv(childVar) == "" {
		t.Skip("part of TestNothingIsLeft")
	}
	fmt.Println(Server(t).Port)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// Tests that are interrupted at a terminal, or killed, leave no server and no folder.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	Server(t) // or there is nothing that could be left
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := child(dir)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var port int
			if _, err := fmt.Fscan(stdout, &port); err != nil {
				t.Error(err)
			}
			if err := syscall.Kill(-cmd.Process.Pid, sig); err != nil {
				t.Error(err)
			}
			_ = cmd.Wait()
			awaitEmpty(t, dir)
			if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
				conn.Close()
				t.Error("the server still answers")
			}
		})
	}
}

// child is a test binary with a server of its own in dir.
func child(dir string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestChild$")
	env := slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, addressVar+"=") })
	cmd.Env = append(env, childVar+"=1", "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

func awaitEmpty(t *testing.T, dir string) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%v is still there", left)
		case <-again.C:
		}
	}
}
