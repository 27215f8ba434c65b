package ipc

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

func TestHandleMessageSplitAtEveryByte(t *testing.T) {
	t.Parallel()
	const stream = `{"cmd":"NODE_HANDLE","type":"net.Socket","msg":{"a":1}}` + "\n\"after\"\n"
	want := []string{`{"a":1}`, `"after"`}
	for i := 1; i < len(stream); i++ {
		for _, descriptorFirst := range []bool{true, false} {
			l, theirs := newOpenLink(t, idleLoop(t))
			var sent *os.File
			for k, part := range []string{stream[:i], stream[i:]} {
				if (k == 0) == descriptorFirst {
					sent = writeWithDescriptor(t, theirs, part)
				} else if _, err := unix.Write(theirs, []byte(part)); err != nil {
					t.Fatal(err)
				}
				l.serve(epoll.In)
			}
			if got := l.heard(); !slices.Equal(got, want) {
				t.Fatalf("split at %d: %q, want %q", i, got, want)
			}
			answer := make([]byte, 100)
			n, err := unix.Read(theirs, answer)
			if err != nil || string(answer[:n]) != handleAck {
				t.Fatalf("split at %d: answer %q, %v, want %q", i, answer[:n], err, handleAck)
			}
			mustEnd(t, sent)
			unix.Close(theirs)
		}
	}
}

func TestMalformedFramesAreReportedOnceAndHarmNothing(t *testing.T) {
	t.Parallel()
	l := newLink(t, idleLoop(t))
	l.write(t, "{oops\n"+lines(50, "\x00\xff")+"\n"+`{"cmd":"NODE_UNKNOWN"}`+"\n\"ready\"\n")
	l.serve(epoll.In)
	if got := l.heard(); !slices.Equal(got, []string{`"ready"`}) {
		t.Errorf("messages %q", got)
	}
	if len(l.faults) != 1 {
		t.Fatalf("%d faults, want 1", len(l.faults))
	}
	if err := <-l.faults; !strings.Contains(err.Error(), `"{oops"`) {
		t.Errorf("fault %q does not show the frame", err)
	}
}

func TestEndlessFrameLeavesChannelOpen(t *testing.T) {
	t.Parallel()
	l := newLink(t, runningLoop(t))
	piece := strings.Repeat("x", 1<<20)
	l.write(t, handleHead)
	for range 2 * maxFrame / len(piece) {
		l.write(t, piece)
	}
	if err := receive(t, l.faults); !strings.Contains(err.Error(), "longer than 4 MiB") {
		t.Errorf("fault %q", err)
	}
	l.write(t, "\n\"ready\"\n")
	if got := receive(t, l.messages); got != `"ready"` {
		t.Errorf("message %q", got)
	}
	answer := make([]byte, 100)
	n, err := l.peer.Read(answer)
	if err != nil || string(answer[:n]) != handleAck {
		t.Errorf("answer to an overlong handle message: %q, %v", answer[:n], err)
	}
}

func TestOneWakeUpDoesBoundedWork(t *testing.T) {
	t.Parallel()
	l := newLink(t, idleLoop(t))
	const line = `"0123456789"`
	l.write(t, lines(maxRead/len(line)+100, line))
	l.serve(epoll.In)
	if n := len(l.heard()); n == 0 || n > maxRead/len(line) {
		t.Errorf("%d messages in one wake-up", n)
	}
}

func TestFloodsStarveNobody(t *testing.T) {
	t.Parallel()
	const floods, each = 50, 1000
	loop := runningLoop(t)
	var writers sync.WaitGroup
	links := make([]*link, floods)
	for i := range links {
		links[i] = newLink(t, loop)
		writers.Go(func() {
			for range each {
				if _, err := links[i].peer.WriteString("{\"flood\":true}\n"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	quiet := newLink(t, loop)
	quiet.write(t, "\"ready\"\n")
	receive(t, quiet.messages)
	for _, l := range links {
		for range each {
			receive(t, l.messages)
		}
	}
	writers.Wait()
}

func TestEndOfTheOtherEnd(t *testing.T) {
	t.Parallel()
	for name, sendFirst := range map[string]bool{"clean": false, "with unread messages": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLink(t, runningLoop(t))
			if sendFirst {
				if err := l.Send("unread"); err != nil {
					t.Fatal(err)
				}
			}
			l.write(t, "\"last\"\nunfinished")
			l.peer.Close()
			if got := receive(t, l.messages); got != `"last"` {
				t.Errorf("message %q", got)
			}
			if err := receive(t, l.closed); err != nil {
				t.Errorf("closed with %v", err)
			}
			if err := l.Send(1); !errors.Is(err, ErrClosed) {
				t.Errorf("Send = %v, want ErrClosed", err)
			}
		})
	}
}

func TestCloseInsideHandlerEndsDelivery(t *testing.T) {
	t.Parallel()
	ours, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(theirs)
	var c *Channel
	calls := 0
	c, err = NewChannel(idleLoop(t), ours, Handlers{
		Message: func(json.RawMessage) { calls++; c.Close(); c.Close() },
		Close:   func(error) { t.Error("Close handler ran after Close") },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(theirs, []byte("1\n2\n3\n")); err != nil {
		t.Fatal(err)
	}
	c.serve(epoll.In)
	c.serve(epoll.In | epoll.Out)
	if calls != 1 {
		t.Errorf("%d messages, want 1", calls)
	}
}

func TestChannelMayBeClosedWhileItIsUsed(t *testing.T) {
	t.Parallel()
	loop := runningLoop(t)
	for range 50 {
		l := newLink(t, loop)
		var users sync.WaitGroup
		users.Go(func() {
			for l.Send("x") == nil {
			}
		})
		users.Go(func() {
			for range 100 {
				fmt.Fprintln(l.peer, 1)
			}
		})
		users.Go(l.Close)
		users.Wait()
	}
}

func TestNewChannelOnClosedLoopLeavesDescriptorToCaller(t *testing.T) {
	t.Parallel()
	loop := newLoop(t)
	stopLoop(t, loop)
	ours, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(theirs)
	if _, err := NewChannel(loop, ours, Handlers{}); !errors.Is(err, epoll.ErrClosed) {
		t.Errorf("NewChannel = %v, want %v", err, epoll.ErrClosed)
	}
	if err := unix.Close(ours); err != nil {
		t.Errorf("the descriptor is gone: %v", err)
	}
}

// Not parallel: it counts the descriptors of the process.
func TestNoDescriptorIsLeftOpen(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	round := func() {
		loop := newLoop(t)
		defer stopLoop(t, loop)
		l, theirs := newOpenLink(t, loop)
		writeWithDescriptor(t, theirs, "1\n").Close()
		writeWithDescriptor(t, theirs, "unfinished").Close()
		l.serve(epoll.In)
		l.serve(epoll.In)
		unix.Close(theirs)
		l.serve(epoll.In | epoll.Hup)
		receive(t, l.closed)

		n, err := ListenNotify(loop, t.TempDir()+"/n", func(State) {})
		if err != nil {
			t.Fatal(err)
		}
		n.Close()
	}
	round() // the runtime opens its own poller at the first use
	before := count()
	for range 10 {
		round()
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func BenchmarkChannelReceive(b *testing.B) {
	ours, theirs, err := Pair()
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(theirs)
	got := 0
	c, err := NewChannel(idleLoop(b), ours, Handlers{Message: func(json.RawMessage) { got++ }})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	line := []byte(`{"type":"axm:monitor","data":{"Heap Size":{"value":"9.2","unit":"MiB"}}}` + "\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := unix.Write(theirs, line); err != nil {
			b.Fatal(err)
		}
		c.serve(epoll.In)
	}
	if got != b.N {
		b.Errorf("%d of %d messages", got, b.N)
	}
}
