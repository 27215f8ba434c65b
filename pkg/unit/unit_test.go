package unit

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// systemd listens as systemd does.
func systemd(t *testing.T) (path string, read func() string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return path, func() string {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4096)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	path, read := systemd(t)
	if err := (Unit{Socket: path}).Tell("READY=1", "STATUS=all is well"); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), "READY=1\nSTATUS=all is well"; got != want {
		t.Errorf("systemd got %q, want %q", got, want)
	}
	if err := (Unit{}).Tell("READY=1"); err != nil {
		t.Errorf("outside of a unit: %v", err)
	}
	if err := (Unit{Socket: path + "-gone"}).Tell("READY=1"); err == nil {
		t.Error("no error without a socket at the path")
	}
}

func TestBarrier(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	u := Unit{Socket: path}
	if err := u.Barrier(10 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nobody has read: %v", err)
	}
	passed := make(chan error, 1)
	go func() { passed <- u.Barrier(5 * time.Second) }()
	for range 2 {
		b, rights := make([]byte, 64), make([]byte, 64)
		n, rn, _, _, err := conn.ReadMsgUnix(b, rights)
		if err != nil || string(b[:n]) != "BARRIER=1" {
			t.Fatalf("systemd got %q, %v", b[:n], err)
		}
		messages, err := unix.ParseSocketControlMessage(rights[:rn])
		if err != nil || len(messages) != 1 {
			t.Fatalf("%d messages, %v", len(messages), err)
		}
		fds, err := unix.ParseUnixRights(&messages[0])
		if err != nil || len(fds) != 1 {
			t.Fatalf("%v, %v", fds, err)
		}
		unix.Close(fds[0])
	}
	if err := <-passed; err != nil {
		t.Error(err)
	}
	if err := (Unit{}).Barrier(0); err != nil {
		t.Errorf("outside of a unit: %v", err)
	}
}

// Not parallel: what other tests allocate would be counted.
func TestWatchdogFeedsInTime(t *testing.T) {
	path, read := systemd(t)
	w := NewWatchdog(Unit{Socket: path, Watchdog: 10 * time.Second, PIDFile: "/run/next.pid"})
	defer w.Close()
	now := time.Now()
	w.Feed(now)
	w.Feed(now.Add(time.Second)) // too early: no second message
	want := "WATCHDOG=1\n" + MainPID(os.Getpid())
	if got := read(); got != want {
		t.Errorf("systemd got %q", got)
	}
	if at, ok := w.Due(); !ok || at != now.Add(5*time.Second) {
		t.Errorf("due at %v, %v", at.Sub(now), ok)
	}
	w.By(now.Add(time.Minute))
	w.By(now.Add(time.Second))
	if at, _ := w.Due(); at != now.Add(time.Second) {
		t.Errorf("due at %v, asked for after a second", at.Sub(now))
	}
	if n := testing.AllocsPerRun(4, func() {
		now = now.Add(5 * time.Second)
		w.Feed(now)
	}); n != 0 {
		t.Errorf("%v allocations: the keeper is to leave no garbage", n)
	}
	w.Close()
	w.Feed(now.Add(time.Minute)) // goes on with a new socket
	for range 6 {
		if got := read(); got != want {
			t.Errorf("systemd got %q", got)
		}
	}
}

// A unit that ends, or is started anew, is to take nobody for its main process.
func TestWatchdogOfWhoIsDetached(t *testing.T) {
	t.Parallel()
	path, read := systemd(t)
	w := NewWatchdog(Unit{Socket: path, Watchdog: 10 * time.Second})
	defer w.Close()
	w.Feed(time.Now())
	if got := read(); got != "WATCHDOG=1" {
		t.Errorf("systemd got %q", got)
	}
}

func TestNoWatchdog(t *testing.T) {
	t.Parallel()
	w := NewWatchdog(Unit{Socket: "/nowhere"})
	w.Feed(time.Now())
	if _, ok := w.Due(); ok {
		t.Error("it is due although nobody asks for it")
	}
}

// Not parallel: it changes the environment.
func TestEnvironmentGoesAround(t *testing.T) {
	want := Unit{Socket: "@systemd/notify", Watchdog: 30 * time.Second, PIDFile: "/run/hubd/next.pid"}
	for _, name := range []string{SocketVar, WatchdogVar, PIDFileVar} {
		t.Setenv(name, "")
	}
	Set(want.Environ())
	if got := FromEnvironment(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if name, ok := Foreign(want.Environ()); ok {
		t.Errorf("%s is foreign", name)
	}
	if name, ok := Foreign(append(want.Environ(), "LD_PRELOAD=x")); !ok || name != "LD_PRELOAD" {
		t.Errorf("%q is not", name)
	}
	t.Setenv(WatchdogVar, "soon")
	if got := FromEnvironment().Watchdog; got != 0 {
		t.Errorf("a watchdog of %v out of no number", got)
	}
	if got := (Unit{Socket: "x"}).Environ(); slices.Contains(got, WatchdogVar+"=0") {
		t.Errorf("%q asks for a watchdog of 0", got)
	}
}
