package ipc

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

// A channel goes on in another program in the middle of a message, wherever that
// is, in both directions.
func TestResumedChannel(t *testing.T) {
	t.Parallel()
	const stream = "{\"a\":1}\n\"after\"\n"
	for at := range len(stream) {
		l, theirs := newOpenLink(t, idleLoop(t))
		send(t, theirs, stream[:at])
		l.serve(epoll.In)
		heard := l.heard()

		fd, err := unix.Dup(l.Descriptor())
		if err != nil {
			t.Fatal(err)
		}
		next, err := ResumeChannel(idleLoop(t), fd, Handlers{
			Message: func(msg json.RawMessage) { heard = append(heard, string(msg)) },
			Fault:   func(err error) { t.Errorf("split at %d: %v", at, err) },
		}, l.Unfinished())
		if err != nil {
			t.Fatal(err)
		}
		send(t, theirs, stream[at:])
		next.serve(epoll.In)
		if got := strings.Join(heard, " "); got != `{"a":1} "after"` {
			t.Errorf("split at %d: %s", at, got)
		}
		next.Close()
		unix.Close(theirs)
	}
}

func TestResumedChannelSendsTheRest(t *testing.T) {
	t.Parallel()
	l, theirs := newOpenLink(t, idleLoop(t))
	defer unix.Close(theirs)
	text := strings.Repeat("x", 600_000) // more than a socket takes
	if err := l.Send(text); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(l.Descriptor())
	if err != nil {
		t.Fatal(err)
	}
	next, err := ResumeChannel(idleLoop(t), fd, Handlers{}, l.Unfinished())
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	var got []byte
	buf := make([]byte, 64<<10)
	for len(got) < len(text)+3 {
		next.serve(epoll.Out)
		n, _, err := unix.Recvfrom(theirs, buf, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) {
			t.Fatalf("%d bytes came, and no more", len(got))
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if string(got) != `"`+text+"\"\n" {
		t.Errorf("%d bytes came, which differ", len(got))
	}
}

func send(t *testing.T, fd int, text string) {
	t.Helper()
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		t.Fatal(err)
	}
}
