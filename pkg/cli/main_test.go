package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/pkg/api"
)

// hubdMode in the environment makes the test binary a daemon: "serve", or the
// way in which it fails.
const hubdMode = "HUB_TEST_HUBD"

func TestMain(m *testing.M) {
	switch mode := os.Getenv(hubdMode); mode {
	case "":
		os.Exit(m.Run())
	default:
		os.Exit(fakeHubd(mode))
	}
}

// fakeHubd is what hubctl needs of a daemon: the lock, the socket, the word
// that it is ready, the log.
func fakeHubd(mode string) int {
	ready := os.NewFile(3, "ready")
	if mode == "fail" {
		os.Stderr.WriteString("disk on fire\n")
		return 3
	}
	home := os.Getenv("HUB_HOME")
	lock, err := os.OpenFile(filepath.Join(home, "hubd.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return 4
	}
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return 0
	}
	l, err := net.Listen("unix", filepath.Join(home, "hubd.sock"))
	if err != nil {
		return 5
	}
	dir, _ := os.Getwd()
	stdin, _ := os.Readlink("/proc/self/fd/0")
	leader, _ := unix.Getsid(0)
	fmt.Printf("serving in %s, stdin %s, session leader %t\n", dir, stdin, leader == os.Getpid())
	f := &fake{answers: map[string]answer{
		"Daemon": replies(api.DaemonReply{Version: api.Version, PID: os.Getpid()}),
		"List":   replies(api.ListReply{}),
		"Control": func(json.RawMessage) ([]any, *api.Error) {
			l.Close()
			return []any{api.ResultsReply{}}, nil
		},
	}}
	ready.WriteString("ready\n")
	ready.Close()
	f.serve(l)
	return 0
}
