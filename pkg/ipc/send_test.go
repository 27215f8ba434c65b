package ipc

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestSendWritesOneLineForEachMessage(t *testing.T) {
	t.Parallel()
	l := newLink(t, idleLoop(t))
	for _, v := range []any{"ready", nil, "", "a\nb", json.RawMessage("{\n\"a\": 1\n}"), map[string]any{"x": "<é>"}} {
		if err := l.Send(v); err != nil {
			t.Fatal(err)
		}
	}
	want := "\"ready\"\nnull\n\"\"\n\"a\\nb\"\n{\"a\":1}\n{\"x\":\"\\u003cé\\u003e\"}\n"
	buf := make([]byte, 1000)
	n, err := l.peer.Read(buf)
	if err != nil || string(buf[:n]) != want {
		t.Errorf("got %q, %v, want %q", buf[:n], err, want)
	}
	if err := l.Send(make(chan int)); err == nil {
		t.Error("what is not JSON was sent")
	}
}

// fill sends until the queue is full and returns how many messages it accepted.
func fill(t *testing.T, l *link) (accepted int) {
	t.Helper()
	for {
		err := l.Send(fmt.Sprint(accepted, strings.Repeat(".", 100_000)))
		if errors.Is(err, ErrQueueFull) {
			return accepted
		}
		if err != nil {
			t.Fatal(err)
		}
		accepted++
	}
}

func (l *link) mustReadNumbered(t *testing.T, n int) *bufio.Reader {
	t.Helper()
	r := bufio.NewReader(l.peer)
	for i := range n {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if prefix := fmt.Sprintf(`"%d.`, i); !strings.HasPrefix(line, prefix) || len(line) < 100_000 {
			t.Fatalf("message %d: %d bytes, %.20q", i, len(line), line)
		}
	}
	return r
}

func TestFullQueueRefusesAndEverythingAcceptedArrives(t *testing.T) {
	t.Parallel()
	l := newLink(t, runningLoop(t))
	accepted := fill(t, l)
	if accepted < maxQueue/100_010 {
		t.Errorf("only %d messages were accepted", accepted)
	}
	l.acknowledge() // has room of its own
	r := l.mustReadNumbered(t, accepted)
	if line, err := r.ReadString('\n'); line != handleAck {
		t.Errorf("after the messages: %q, %v", line, err)
	}
	if err := l.Send("again"); err != nil {
		t.Errorf("Send after the queue was read: %v", err)
	}
	if line, _ := r.ReadString('\n'); line != "\"again\"\n" {
		t.Errorf("got %q", line)
	}
}

func TestDisconnectSendsWhatWasAcceptedAndReachesCopies(t *testing.T) {
	t.Parallel()
	l := newLink(t, runningLoop(t))
	copied := duplicate(t, l.fd) // as the child holds one
	defer copied.Close()
	accepted := fill(t, l)
	l.Disconnect()
	l.Disconnect()
	if err := l.Send("late"); !errors.Is(err, ErrClosed) {
		t.Errorf("Send after Disconnect = %v, want ErrClosed", err)
	}
	r := l.mustReadNumbered(t, accepted)
	if line, err := r.ReadString('\n'); err == nil {
		t.Errorf("%q after Disconnect, want the end of file", line)
	}
	if err := receive(t, l.closed); err != nil {
		t.Errorf("closed with %v", err)
	}
	if _, err := l.peer.WriteString("1\n"); err == nil {
		t.Error("the other end can still write")
	}
}

func TestDisconnectStillDeliversWhatHadArrived(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	l := newLink(t, loop)
	l.write(t, "1\n2\n")
	l.Disconnect()
	done := make(chan error, 1)
	go func() { done <- loop.Run(t.Context()) }()
	if err := receive(t, l.closed); err != nil {
		t.Errorf("closed with %v", err)
	}
	if got := l.heard(); len(got) != 2 {
		t.Errorf("messages %q", got)
	}
	loop.Close()
	if err := receive(t, done); err != nil {
		t.Error(err)
	}
}
