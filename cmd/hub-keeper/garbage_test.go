package main

import (
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

// Not parallel: what other tests allocate would be counted.
func TestLaunchLeavesNoGarbage(t *testing.T) {
	ours, theirs, err := keeper.Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer keeper.CloseAll([]int{ours, theirs})
	p := newParent(options{}, tableOf(""), &signals{wake: -1})
	p.daemon.socket = ours
	send := sender(t, theirs)
	none, out, pidfd := []string{}, []string{keeper.Out}, []string{keeper.PidFD}
	wires := []string{keeper.Out, keeper.Err, keeper.Channel, keeper.Notify}
	generation := []byte("6f9619ff-8b86-d011-b42d-00cf4fc964ff:10000000")
	report := make([]byte, 64)
	launch := func() {
		generation[len(generation)-1] ^= 1
		send(keeper.Message{Kind: keeper.KindHold, Key: generation}, wires)
		send(keeper.Message{Kind: keeper.KindForked, Key: generation, PID: 4711}, pidfd)
		send(keeper.Message{Kind: keeper.KindReaped, Key: generation}, none)
		send(keeper.Message{Kind: keeper.KindRelease, Key: generation}, none)
		p.read()
		// And one that the keeper reaps.
		generation[0] ^= 1
		send(keeper.Message{Kind: keeper.KindHold, Key: generation}, out)
		send(keeper.Message{Kind: keeper.KindForked, Key: generation, PID: 4712}, none)
		p.read()
		p.note(4712, 0x0700)
		send(keeper.Message{Kind: keeper.KindRecorded, Report: p.launches.next - 1}, none)
		send(keeper.Message{Kind: keeper.KindRelease, Key: generation}, none)
		p.read()
		if n, err := unix.Read(theirs, report); n < len(generation) {
			t.Errorf("no report: %d, %v", n, err)
		}
	}
	if n := testing.AllocsPerRun(100, launch); n != 0 {
		t.Errorf("%v allocations for two launches", n)
	}
	if p.launches.any() || len(p.launches.free) == 0 {
		t.Errorf("%d launches are held, %d are free", len(p.launches.held), len(p.launches.free))
	}
}

// sender returns a function that sends messages as the daemon does, but without
// allocating.
func sender(t *testing.T, socket int) func(m keeper.Message, names []string) {
	var buf []byte
	var rights [6][]byte
	for n := range rights[1:] {
		rights[n+1] = unix.UnixRights(make([]int, n+1)...)
	}
	return func(m keeper.Message, names []string) {
		m.Names = names
		buf = m.Append(buf[:0])
		if _, err := unix.SendmsgN(socket, buf, rights[len(names)], nil, unix.MSG_DONTWAIT); err != nil {
			t.Fatal(err)
		}
	}
}
