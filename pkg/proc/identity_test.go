package proc

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func number(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.sh("read x; exit 0", f.openEnded(), f.null, f.null)
	boot, err := BootID()
	if err != nil {
		t.Fatal(err)
	}
	if len(boot) != 36 || p.Boot != boot || p.Start == 0 {
		t.Errorf("identity %+v, boot id %q", p.Identity, boot)
	}
	again, err := Open(p.Identity)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Identity != p.Identity {
		t.Errorf("opened %+v as %+v", p.Identity, again.Identity)
	}
	for what, change := range map[string]func(*Identity){
		"start time": func(id *Identity) { id.Start++ },
		"boot":       func(id *Identity) { id.Boot = "another" },
		"pid 0":      func(id *Identity) { id.PID = 0 },
		"pid -1":     func(id *Identity) { id.PID = -1 },
	} {
		other := p.Identity
		change(&other)
		if q, err := Open(other); !errors.Is(err, ErrGone) {
			q.Close()
			t.Errorf("another %s: %v, want ErrGone", what, err)
		}
	}
}

func TestOpenOfEndedProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.sh("exit 0")
	f.ended(p)
	if err := p.Reap(); err != nil {
		t.Fatal(err)
	}
	if q, err := Open(p.Identity); !errors.Is(err, ErrGone) {
		q.Close()
		t.Errorf("got %v, want ErrGone", err)
	}
	if err := p.Signal(unix.SIGTERM); !errors.Is(err, ErrGone) {
		t.Errorf("Signal: %v, want ErrGone", err)
	}
	if err := p.SignalGroup(unix.SIGTERM); !errors.Is(err, ErrGone) {
		t.Errorf("SignalGroup: %v, want ErrGone", err)
	}
}

// The name of a process may hold anything, also what looks like the fields
// behind it.
func TestStartTimeOfOddName(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.sh("read x", f.openEnded(), f.null, f.null)
	if err := os.WriteFile(filepath.Join("/proc", strconv.Itoa(p.PID), "comm"), []byte(") S 1 (x 7 7"), 0); err != nil {
		t.Skip("the name can't be changed:", err)
	}
	if id, err := identify(p.PID); err != nil || id != p.Identity {
		t.Errorf("identity %+v: %v, want %+v", id, err, p.Identity)
	}
}

func TestSignalGroup(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	out, stdout := f.talk()
	p := f.sh("sh -c 'echo $$; read x <&3' & wait", f.null, stdout, f.null, f.openEnded())
	member, err := identify(number(t, f.line(out)))
	if err != nil {
		t.Fatal(err)
	}
	child, err := Open(member)
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	if err := p.SignalGroup(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if exit := f.ended(p); exit.Signal != unix.SIGTERM {
		t.Errorf("the leader %v", exit)
	}
	f.ended(child)
}
