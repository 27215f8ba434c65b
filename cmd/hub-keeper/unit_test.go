package main

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/unit"
)

// A unit that starts after the keeper makes it feed the watchdog, and the next daemon
// is born in it.
func TestUnitThatComesLater(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	s := start(t, "unit "+path)
	first := s.nextPID("up")
	if got := s.next("pidfile"); got != "" {
		t.Errorf("the first daemon has the variable: %q", got)
	}
	b := make([]byte, 64)
	for range 3 {
		if err := systemd.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if n, err := systemd.Read(b); err != nil || string(b[:n]) != "WATCHDOG=1\n"+unit.MainPID(s.cmd.Process.Pid) {
			t.Fatalf("systemd got %q, %v", b[:n], err)
		}
	}
	s.kill(first, syscall.SIGKILL)
	s.next("up")
	if got := s.next("pidfile"); got != path+".pid" {
		t.Errorf("the next daemon has %q", got)
	}
	if err := os.WriteFile(path+".pid", []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGUSR2)
	s.exit()
	if _, err := os.Stat(path + ".pid"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("systemd would wait for the daemon: %v", err)
	}
}

// SIGUSR2 ends the keeper alone, as soon as there is a daemon to take its place.
func TestStepDown(t *testing.T) {
	t.Parallel()
	for _, daemon := range []string{"answer", "earlier"} {
		s := start(t, daemon)
		s.next("up")
		s.signal(syscall.SIGUSR2)
		s.next("leaves")
		if code := s.exit(); code != exitSteppedDown {
			t.Errorf("%s: the keeper ended with %d", daemon, code)
		}
	}
	p := newParent(options{pause: time.Second}, tableOf("/hubd"), &signals{wake: -1})
	p.begun = true
	p.askToEnd(syscall.SIGUSR2)
	if p.over || p.stop != 0 {
		t.Error("the keeper ends although no daemon has answered")
	}
	// Before, it is systemd's only way to end everything.
	s := start(t, "fresh")
	s.next("up")
	s.signal(syscall.SIGUSR2)
	if code := s.exit(); code != 3 {
		t.Errorf("the keeper ended with %d, the daemon with 3", code)
	}
}

// Nor is the signal deadly while one keeper executes the next. One that comes just
// before may be lost: the daemon that a reload has made looks after that.
func TestStepDownOverRenewal(t *testing.T) {
	t.Parallel()
	for range 10 {
		s := start(t, "renew")
		seen := newRecords(t)
		seen.until(s, "up ")
		for range rand.IntN(40) {
			seen.until(s, "")
		}
		for again := time.Tick(20 * time.Millisecond); s.lives(); <-again {
			_ = s.cmd.Process.Signal(syscall.SIGUSR2) // it may end just now
		}
		if code := s.exit(); code != exitSteppedDown {
			t.Fatalf("the keeper ended with %d", code)
		}
	}
}
