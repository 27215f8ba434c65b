package ready

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// actVar makes the test binary play an app: it does what the variable names.
const actVar = "READY_TEST_ACT"

func TestMain(m *testing.M) {
	if act := os.Getenv(actVar); act != "" {
		os.Exit(playApp(act))
	}
	os.Exit(m.Run())
}

// playApp calls the package under test as a program would and prints what a
// child of that program would inherit.
func playApp(act string) int {
	var err error
	switch act {
	case "notify":
		err = Notify()
	case "twice":
		err = errors.Join(Notify(), Notify())
	case "status":
		err = Status("loading\nREADY=1")
	case "listeners":
		return acceptOne()
	case "stopping":
		err = Stopping()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fd := -1
	if f, err := unix.FcntlInt(3, unix.F_GETFD, 0); err == nil {
		fd = f
	}
	fmt.Printf("channel=%q mode=%q fd3=%d", os.Getenv(channelVar), os.Getenv(formatVar), fd)
	return 0
}

// app is the test binary, started to do act with extra as its descriptor 3.
func app(t *testing.T, act string, extra *os.File, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	// The race detector would let every app linger for a second at its exit.
	cmd.Env = append([]string{actVar + "=" + act, "GORACE=atexit_sleep_ms=0"}, env...)
	if extra != nil {
		cmd.ExtraFiles = []*os.File{extra}
	}
	return cmd
}

// pair makes a socket pair and returns our end and the child's.
func pair(t *testing.T, kind int) (*os.File, *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

// drain returns all that arrives on our end until the last holder of the other
// end is gone.
func drain(t *testing.T, ours *os.File) string {
	t.Helper()
	if err := ours.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if _, err := got.ReadFrom(ours); err != nil {
		t.Fatalf("read the channel: %v (so far %q)", err, got.String())
	}
	return got.String()
}

func TestNotifyOnChannel(t *testing.T) {
	t.Parallel()
	for _, act := range []string{"notify", "twice"} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			ours, theirs := pair(t, unix.SOCK_STREAM)
			out, err := app(t, act, theirs, channelVar+"=3", formatVar+"=json").Output()
			if err != nil {
				t.Fatalf("app: %v", err)
			}
			theirs.Close()
			if got := drain(t, ours); got != "\"ready\"\n" {
				t.Errorf("channel carried %q", got)
			}
			// The descriptor is still open, and marked close-on-exec.
			if want := `channel="" mode="" fd3=1`; string(out) != want {
				t.Errorf("left for children: %s, want %s", out, want)
			}
		})
	}
}

func TestNotifyRefusesWhatIsNoChannel(t *testing.T) {
	t.Parallel()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if info, err := file.Stat(); err != nil {
			t.Error(err)
		} else if info.Size() != 0 {
			t.Errorf("%d bytes were written into a foreign file", info.Size())
		}
		file.Close()
	})
	_, datagram := pair(t, unix.SOCK_DGRAM)
	_, stream := pair(t, unix.SOCK_STREAM)
	tests := map[string]struct {
		extra *os.File
		env   []string
		want  string
	}{
		"a file":           {file, []string{channelVar + "=3"}, "not a connected Unix stream socket"},
		"a datagram":       {datagram, []string{channelVar + "=3"}, "not a connected Unix stream socket"},
		"closed":           {nil, []string{channelVar + "=77"}, "no such descriptor"},
		"no number":        {nil, []string{channelVar + "=three"}, "want the number"},
		"negative":         {nil, []string{channelVar + "=-1"}, "want the number"},
		"V8 serialization": {stream, []string{channelVar + "=3", formatVar + "=advanced"}, "only json"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := app(t, "notify", test.extra, test.env...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("app: %v, said %q; want %q", err, out, test.want)
			}
		})
	}
}

// A leaked variable may name a socket of the program's own: it is told from a
// channel by its close-on-exec mark.
func TestChannelDescriptorRefusesOwnSocket(t *testing.T) {
	t.Parallel()
	_, theirs := pair(t, unix.SOCK_STREAM)
	if _, err := channelDescriptor(fmt.Sprint(theirs.Fd())); err == nil {
		t.Error("took a socket that this process opened for a channel")
	}
}

func TestNotifyWithoutManager(t *testing.T) {
	t.Parallel()
	for _, act := range []string{"notify", "status", "stopping"} {
		if out, err := app(t, act, nil, socketVar+"=").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", act, err, out)
		}
	}
}

func TestNotifySocket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tests := []struct{ address, act, want string }{
		{dir + "/n", "notify", "READY=1"},
		{dir + "/s", "stopping", "STOPPING=1"},
		{dir + "/t", "status", "STATUS=loading READY=1"},
		{fmt.Sprintf("@hub-ready-test-%d", os.Getpid()), "notify", "READY=1"},
	}
	for _, test := range tests {
		t.Run(test.act+" "+test.address[:1], func(t *testing.T) {
			t.Parallel()
			conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: test.address})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if out, err := app(t, test.act, nil, socketVar+"="+test.address).CombinedOutput(); err != nil {
				t.Fatalf("app: %v\n%s", err, out)
			}
			if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 256)
			n, err := conn.Read(buf)
			if err != nil || string(buf[:n]) != test.want {
				t.Errorf("socket got %q, %v; want %q", buf[:n], err, test.want)
			}
		})
	}
}

func TestNotifySocketErrors(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"relative", "@", filepath.Join(t.TempDir(), "absent")} {
		out, err := app(t, "notify", nil, socketVar+"="+address).CombinedOutput()
		if err == nil || !strings.Contains(string(out), socketVar) {
			t.Errorf("%s: %v, said %q", address, err, out)
		}
	}
}

// One way that fails must not keep the other from being used.
func TestNotifyTriesBoth(t *testing.T) {
	t.Parallel()
	ours, theirs := pair(t, unix.SOCK_STREAM)
	out, err := app(t, "notify", theirs, channelVar+"=3", socketVar+"=relative").CombinedOutput()
	theirs.Close()
	if err == nil {
		t.Errorf("no error for the broken socket: %s", out)
	}
	if got := drain(t, ours); got != readyFrame {
		t.Errorf("channel carried %q", got)
	}
}

func TestSendGivesUpWhenNobodyReads(t *testing.T) {
	t.Parallel()
	_, theirs := pair(t, unix.SOCK_STREAM)
	endless := make([]byte, 16<<20)
	err := send(int(theirs.Fd()), endless, 20*time.Millisecond)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("send into a full socket: %v", err)
	}
}

func TestSendCarriesOnAfterPartialWrites(t *testing.T) {
	t.Parallel()
	ours, theirs := pair(t, unix.SOCK_STREAM)
	message := bytes.Repeat([]byte("0123456789abcde\n"), 1<<16)
	sent := make(chan error, 1)
	go func() {
		err := send(int(theirs.Fd()), message, 5*time.Second)
		theirs.Close()
		sent <- err
	}()
	got := drain(t, ours)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if got != string(message) {
		t.Errorf("got %d bytes, want the %d sent", len(got), len(message))
	}
}

func TestSendToClosedPeer(t *testing.T) {
	t.Parallel()
	ours, theirs := pair(t, unix.SOCK_STREAM)
	// Not Close alone: a child that another test forks just now holds a copy.
	if err := unix.Shutdown(int(ours.Fd()), unix.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	if err := send(int(theirs.Fd()), []byte(readyFrame), time.Second); !errors.Is(err, unix.EPIPE) {
		t.Errorf("send to a closed peer: %v", err)
	}
}
