package logs

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// readerMode makes the test binary a reader: it carries descriptor 3 to the
// file that the variable names, and to a second one.
const readerMode = "HUB_LOGS_TEST_READER"

// combined is what the reader's second file has behind the name of the first.
const combined = ".all"

func TestMain(m *testing.M) {
	if path := os.Getenv(readerMode); path != "" {
		if err := beReader(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func beReader(path string) error {
	l, err := New(slog.Default(), path+".journal")
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(context.Background()) }()
	if err := unix.SetNonblock(3, true); err != nil {
		return err
	}
	list, err := l.Add(context.Background(), Source{FD: 3, Path: path, Combined: path + combined, Stamp: "[T]", Name: "test"})
	if err != nil {
		return err
	}
	if err := l.Adopted(context.Background()); err != nil {
		return err
	}
	fmt.Println("reading")
	<-list[0].Done()
	l.Close()
	return <-ended
}

// A reader that is killed at any moment may leave a torn write and repeat a
// chunk; it loses nothing, and nothing else is torn.
func TestKilledReader(t *testing.T) {
	t.Parallel()
	const kills = 40
	path := filepath.Join(t.TempDir(), "out.log")
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	r := os.NewFile(uintptr(p[0]), "read end") // held here, so that the app gets no EPIPE
	w := os.NewFile(uintptr(p[1]), "write end")
	defer r.Close()

	stop := make(chan struct{})
	written := make(chan int, 1)
	line := make(chan struct{}) // receives what it can of the writer's pace
	go func() {
		defer w.Close()
		for n := 0; ; n++ {
			select {
			case <-stop:
				written <- n
				return
			case line <- struct{}{}:
			default:
			}
			_, _ = fmt.Fprintf(w, "line %d of the app%s\n", n, strings.Repeat("!", n%50))
		}
	}()
	for range kills {
		reader := startReader(t, path, r)
		for range rand.IntN(300) {
			receive(t, line)
		}
		_ = reader.Process.Kill()
		_ = reader.Wait()
	}
	last := startReader(t, path, r)
	close(stop)
	lines := receive(t, written)
	if err := last.Wait(); err != nil {
		t.Fatal(err)
	}
	checkNumbered(t, path, lines)
	checkNumbered(t, path+combined, lines)
}

func startReader(t *testing.T, path string, pipe *os.File) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), readerMode+"="+path, "GORACE=atexit_sleep_ms=0")
	cmd.ExtraFiles = []*os.File{pipe}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "reading\n" {
		t.Fatalf("the reader said %q, %v", line, err)
	}
	return cmd
}

// checkNumbered wants all lines, once, in order and whole.
func checkNumbered(t *testing.T, path string, lines int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	next := 0
	for s := bufio.NewScanner(f); s.Scan(); next++ {
		if want := fmt.Sprintf("T: line %d of the app%s", next, strings.Repeat("!", next%50)); s.Text() != want {
			t.Fatalf("%q stands where %q belongs", s.Text(), want)
		}
	}
	if next != lines {
		t.Errorf("%d lines, want %d", next, lines)
	}
}
