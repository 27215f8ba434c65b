package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/ipc"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

func (r *rig) sendLine(i *Instance, line string) error {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	return i.SendLine(ctx, line)
}

func TestSendLine(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	// dash reads a byte at a time, wc does not.
	s := r.app("app", "echo up; read x; echo \"$x\"; head -n 3 | wc -c; read x")
	i := r.one(s)
	if err := r.sendLine(i, "hello $HOME"); err != nil {
		t.Fatal(err)
	}
	r.line(s.LogPath(s.OutFile, 0), "hello $HOME")
	// In one piece, longer than what a pipe takes at once, longer than a pipe.
	total := 0
	for _, n := range []int{pipeBuf - 1, 10 * pipeBuf, 200 << 10} {
		if err := r.sendLine(i, strings.Repeat("x", n)); err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		total += n + 1
	}
	r.line(s.LogPath(s.OutFile, 0), fmt.Sprint(total))
}

// An app that does not read gets each line whole or not at all, and the daemon
// never waits for it.
func TestSendLineToWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	i := r.one(r.app("app", "echo up; exec sleep 1000"))
	sent := 0
	for n := 0; ; n++ {
		line := fmt.Sprintf("%0*d", 1+n*997%30000, n)
		err := r.sendLine(i, line)
		if errors.Is(err, ErrUnread) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if sent += len(line) + 1; sent > 2<<20 {
			break // a privileged daemon may enlarge it further
		}
	}
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/0", i.Status().PID), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	content := make([]byte, 4<<20)
	got := 0
	for got < sent {
		n, err := f.Read(content[got:])
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	lines := strings.Split(strings.TrimSuffix(string(content[:got]), "\n"), "\n")
	for n, l := range lines {
		if want := fmt.Sprintf("%0*d", 1+n*997%30000, n); l != want {
			t.Fatalf("line %d has %d bytes, want %d", n, len(l), len(want))
		}
	}
	if got != sent {
		t.Errorf("%d bytes arrived, %d were sent", got, sent)
	}
}

func TestSendLineRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	fifo, _ := r.fifo("other")
	null := func(s *spec.Spec) { s.NullStdin = true }
	for name, c := range map[string]struct {
		script string
		change func(*spec.Spec)
		want   error
	}{
		"null":  {"echo up; exec sleep 1000", null, ErrNoInput},
		"fifo":  {"exec <" + fifo + "; echo up; exec sleep 1000", nil, ErrRedirected},
		"file":  {"exec </dev/null; echo up; exec sleep 1000", nil, ErrRedirected},
		"shut":  {"exec <&-; echo up; exec sleep 1000", nil, ErrRedirected},
		"other": {"echo up; exec sleep 1000", nil, nil},
	} {
		s := r.app(name, c.script)
		if c.change != nil {
			c.change(s)
		}
		i := r.one(s)
		if err := r.sendLine(i, "x"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		r.act(i, "stop")
		if err := r.sendLine(i, "x"); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s, stopped: %v", name, err)
		}
		r.act(i, "delete")
		receive(t, closed(i.Gone()))
		if err := r.sendLine(i, "x"); !errors.Is(err, ErrDeleted) {
			t.Errorf("%s, deleted: %v", name, err)
		}
	}
}

// closed makes a channel with a value of one that is closed.
func closed(c <-chan struct{}) <-chan bool {
	out := make(chan bool, 1)
	go func() { <-c; out <- true }()
	return out
}

func TestSignalMainProcessOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := r.app("app", `trap 'echo main' USR1; sh -c "trap 'echo worker' USR1; echo worker up; while :; do sleep 0.01; done" & echo up; while :; do wait; done`)
	i := r.one(s)
	r.line(s.LogPath(s.OutFile, 0), "worker up")
	ctx := context.Background()
	if err := i.Signal(ctx, unix.SIGUSR1, "test"); err != nil {
		t.Fatal(err)
	}
	r.line(s.LogPath(s.OutFile, 0), "main")
	events := i.Status().Events
	if last := events[len(events)-1]; last.Kind != "signal" || last.Reason != "SIGUSR1: test" {
		t.Errorf("%+v", last)
	}
	r.act(i, "stop") // and all that the worker would have said is there
	if text, err := os.ReadFile(s.LogPath(s.OutFile, 0)); err != nil || strings.Contains(string(text), "worker\n") {
		t.Errorf("%s, %v", text, err)
	}
}

// The far end of a channel in a shell: what comes is printed, a line each.
const echoMessages = `echo up; while read x <&3; do echo "message $x"; done; read x`

func TestSendMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := context.Background()
	s := r.app("app", echoMessages, func(s *spec.Spec) { s.IPC = true })
	i := r.one(s)
	for _, message := range []string{`"hello"`, ` { "a" : [1, null] } `} {
		if err := i.SendMessage(ctx, json.RawMessage(message)); err != nil {
			t.Error(err)
		}
	}
	r.line(s.LogPath(s.OutFile, 0), `message "hello"`)
	r.line(s.LogPath(s.OutFile, 0), `message {"a":[1,null]}`)
	if err := i.SendMessage(ctx, json.RawMessage(`{`)); err == nil {
		t.Error("half a message was sent")
	}
	plain := r.one(r.app("plain", idle))
	if err := plain.SendMessage(ctx, json.RawMessage(`1`)); !errors.Is(err, ErrNoChannel) {
		t.Errorf("without a channel: %v", err)
	}
	deaf := r.app("deaf", `echo '"ready"' >&3; exec 3>&-; echo up; read x`, func(s *spec.Spec) { s.IPC = true })
	d := r.one(deaf)
	// The loop finds the end when it comes to it.
	for err := error(nil); !errors.Is(err, ErrDeaf); err = d.SendMessage(ctx, json.RawMessage(`1`)) {
		if err != nil && !errors.Is(err, ipc.ErrClosed) {
			t.Fatalf("after the app has closed it: %v", err)
		}
	}
}

func TestShutdownWithMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asked := func(s *spec.Spec) { s.IPC, s.ShutdownWithMessage = true, true }
	// The message and no signal, and the tree behind it ends as ever.
	polite := r.app("polite", `trap 'echo signalled' TERM; sleep 1000 & echo up; read x <&3; echo "asked $x"`, asked)
	i := r.one(polite)
	r.act(i, "stop")
	r.line(polite.LogPath(polite.OutFile, 0), `asked "shutdown"`)
	if text, err := os.ReadFile(polite.LogPath(polite.OutFile, 0)); err != nil || strings.Contains(string(text), "signalled") {
		t.Errorf("%s, %v", text, err)
	}
	// Nobody reads: SIGKILL at kill_timeout.
	stubborn := r.app("stubborn", "trap '' TERM; echo up; sleep 1000", asked, func(s *spec.Spec) { s.KillTimeout = spec.Duration(50e6) })
	i = r.one(stubborn)
	r.act(i, "stop")
	if st := i.Status(); st.LastExit.Signal != unix.SIGKILL {
		t.Errorf("ended by %v", st.LastExit)
	}
	// A channel that is closed can carry nothing: the signal.
	closes := r.app("closes", `trap 'echo signalled; exit' TERM; exec 3>&-; echo up; while :; do read x; done`, asked)
	i = r.one(closes)
	for i.SendMessage(context.Background(), json.RawMessage(`1`)) == nil { // until the loop has seen it
	}
	r.act(i, "stop")
	r.line(closes.LogPath(closes.OutFile, 0), "signalled")
}
