package ipc

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/epoll"
)

func listen(t *testing.T, loop *epoll.Loop, path string) (*Notify, <-chan State) {
	t.Helper()
	states := make(chan State, 1000)
	n, err := ListenNotify(loop, path, func(s State) { states <- s })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n, states
}

func dial(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestNotifyDeliversStates(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "n")
	_, states := listen(t, runningLoop(t), path)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Fatalf("mode %v, %v, want a socket of mode 0600", info.Mode(), err)
	}
	conn := dial(t, path)
	for _, datagram := range []string{"", "junk", strings.Repeat("X", maxDatagram+1) + "\nREADY=1", "READY=1"} {
		if _, err := conn.Write([]byte(datagram)); err != nil {
			t.Fatal(err)
		}
	}
	if got := receive(t, states); got != (State{Ready: true}) {
		t.Errorf("state %+v", got)
	}
	for range 200 { // more than the kernel queues
		if _, err := conn.Write([]byte("WATCHDOG=1")); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		if got := receive(t, states); !got.Watchdog {
			t.Fatalf("state %+v", got)
		}
	}
}

func TestNotifyClosesWhatIsSentAlong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "n")
	listen(t, runningLoop(t), path)
	conn := dial(t, path)
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, datagram := range []string{"BARRIER=1", "FDSTORE=1\nFDNAME=x"} {
		var sent *os.File
		if err := raw.Control(func(fd uintptr) { sent = writeWithDescriptor(t, int(fd), datagram) }); err != nil {
			t.Fatal(err)
		}
		mustEnd(t, sent)
	}
}

func TestSystemdNotify(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("systemd-notify")
	if err != nil {
		t.Skip("systemd-notify is not installed: the socket is not tested against it")
	}
	path := filepath.Join(t.TempDir(), "n")
	_, states := listen(t, runningLoop(t), path)
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--ready", "--status=serving") // waits for its barrier
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("systemd-notify: %v: %s", err, out)
	}
	if got := receive(t, states); !got.Ready || got.Status != "serving" {
		t.Errorf("state %+v", got)
	}
}

func TestNotifyReplacesStaleSocketAndLeavesNewerOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "n")
	loop := runningLoop(t)
	old, _ := listen(t, loop, path)
	newer, states := listen(t, loop, path)
	old.Close()
	old.Close()
	if _, err := dial(t, path).Write([]byte("READY=1")); err != nil {
		t.Fatal(err)
	}
	receive(t, states)
	newer.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Close: %v, want no file", err)
	}
}

func TestListenNotifyRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	loop := idleLoop(t)
	long := "/" + strings.Repeat("x", maxPath)
	if _, err := ListenNotify(loop, long, nil); !errors.Is(err, ErrPathTooLong) {
		t.Errorf("path of %d bytes: %v, want ErrPathTooLong", len(long), err)
	}
	for name, path := range map[string]string{
		"not a socket": file, "relative": "n", "abstract": "@n", "no folder": dir + "/none/n",
	} {
		if _, err := ListenNotify(loop, path, nil); err == nil {
			t.Errorf("%s: %s was accepted", name, path)
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file in the way is gone: %v", err)
	}
}
