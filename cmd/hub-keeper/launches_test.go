package main

import (
	"testing"

	"github.com/leadmaster/hub/pkg/keeper"
	"golang.org/x/sys/unix"
)

func tableOf(hubd string) *keeper.Table {
	return &keeper.Table{Protocol: keeper.Protocol, Hubd: hubd, Socket: -1, Lock: -1, Ready: -1}
}

func memfd(t *testing.T) int {
	t.Helper()
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func isOpen(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

// Not parallel: a closed number must not be used again by another test.
func TestLaunchClosesWhatItDoesNotHold(t *testing.T) {
	l := newLaunches(tableOf(""))
	first, second, surplus, out := memfd(t), memfd(t), memfd(t), memfd(t)
	l.hold([]byte("a:1"), []string{keeper.Err}, []int{first, surplus})
	l.hold([]byte("a:1"), []string{keeper.Err, keeper.Out}, []int{second, out})
	if isOpen(first) || isOpen(surplus) || !isOpen(second) {
		t.Errorf("replaced %v, surplus %v, held %v", isOpen(first), isOpen(surplus), isOpen(second))
	}
	l.release(l.find([]byte("a:1")), []string{keeper.Err})
	if isOpen(second) || !isOpen(out) || !l.inAir() {
		t.Errorf("released %v, held %v, in the air %v", isOpen(second), isOpen(out), l.inAir())
	}
	l.release(l.find([]byte("a:1")), nil)
	if isOpen(out) || l.any() || l.inAir() {
		t.Errorf("released %v, any %v, in the air %v", isOpen(out), l.any(), l.inAir())
	}
}

// The sockets of apps are held like a launch's wires, and are none. Not parallel, as
// above.
func TestSocketsAreNoLaunch(t *testing.T) {
	l := newLaunches(tableOf(""))
	fd, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	l.hold([]byte(keeper.ListenKey), []string{"*:80"}, []int{fd})
	if l.any() || l.inAir() {
		t.Error("a socket is taken for a launch")
	}
	l.release(l.find([]byte(keeper.ListenKey)), []string{"*:80"})
	if l.find([]byte(keeper.ListenKey)) != nil || isOpen(fd) {
		t.Error("a socket that was released is kept")
	}
}

func TestStrayThatIsNamedLater(t *testing.T) {
	t.Parallel()
	table := tableOf("")
	table.Held = []keeper.Held{{Key: "a:1"}, {Key: keeper.APIKey}, {Key: "b:1", PID: 8, Exit: &keeper.Exit{Report: 40}}}
	l := newLaunches(table)
	l.addStray(keeper.Stray{PID: 6, Session: 6, Status: 1})
	l.addStray(keeper.Stray{PID: 7, Session: 7, Status: 0x0900})
	l.forked([]byte("a:1"), 7, nil, nil)
	h := l.find([]byte("a:1"))
	if !h.ended() || h.exit.Status != 0x0900 || h.exit.Report != 41 || h.told {
		t.Fatalf("%+v", h)
	}
	if len(l.strays) != 0 {
		t.Errorf("%d strays are kept with no launch in the air", len(l.strays))
	}
	l.recorded(41)
	l.recorded(40)
	if l.any() {
		t.Error("launches are kept of which nothing is held and all is on record")
	}
}

func TestStraysAreBounded(t *testing.T) {
	t.Parallel()
	table := tableOf("")
	table.Held = []keeper.Held{{Key: "a:1"}}
	l := newLaunches(table)
	for pid := range maxStrays + 10 {
		l.addStray(keeper.Stray{PID: pid + 1})
	}
	if len(l.strays) != maxStrays || l.strays[0].PID != 11 {
		t.Errorf("%d strays, the first is %d", len(l.strays), l.strays[0].PID)
	}
}

// What a daemon had of messages when it became the keeper is for the next one only.
func TestBytesOfChannelsAreToldOnce(t *testing.T) {
	t.Parallel()
	table := tableOf("")
	table.Held = []keeper.Held{{Key: "a:1", PID: 7, Read: []byte("half"), Unsent: []byte("rest")}}
	p := newParent(options{}, table, &signals{wake: -1})
	if h := p.table().Held[0]; string(h.Read) != "half" || string(h.Unsent) != "rest" {
		t.Errorf("the first daemon gets %q and %q", h.Read, h.Unsent)
	}
	p.handle(keeper.Message{Kind: keeper.KindAnswered}, nil)
	if h := p.table().Held[0]; h.Read != nil || h.Unsent != nil {
		t.Errorf("the second daemon gets %q and %q again", h.Read, h.Unsent)
	}
}
