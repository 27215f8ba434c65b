package keeper

import (
	"errors"
	"io"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

func pair(t *testing.T) (keeper, daemon int) {
	t.Helper()
	keeper, daemon, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { CloseAll([]int{keeper}) })
	return keeper, daemon
}

func TestSocketCarriesDescriptors(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	m := fullMessage()
	if err := Send(b, m.Append(nil), b, a); err != nil {
		t.Fatal(err)
	}
	var r Receiver
	got, fds, err := r.Receive(a)
	if err != nil || !reflect.DeepEqual(got, m) || len(fds) != 2 {
		t.Fatalf("%+v, %v, %v", got, fds, err)
	}
	for i, original := range []int{b, a} {
		var was, is unix.Stat_t
		if err := errors.Join(unix.Fstat(original, &was), unix.Fstat(fds[i], &is)); err != nil || was.Ino != is.Ino {
			t.Errorf("descriptor %d is another file (%v)", i, err)
		}
		if flags, err := unix.FcntlInt(uintptr(fds[i]), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d is inherited (%v)", i, err)
		}
	}
	CloseAll(fds)
	CloseAll([]int{b})
}

// A daemon that dies with something unread resets the connection; what it sent
// before must still arrive, and then the end.
func TestSocketAfterDeath(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	ask, answer := Message{Kind: KindAlive}, Message{Kind: KindEnd}
	if err := errors.Join(Send(a, ask.Append(nil)), Send(b, answer.Append(nil)), unix.Close(b)); err != nil {
		t.Fatal(err)
	}
	var r Receiver
	if m, _, err := r.Receive(a); err != nil || m.Kind != KindEnd {
		t.Errorf("%+v, %v", m, err)
	}
	if m, _, err := r.Receive(a); !errors.Is(err, io.EOF) {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestSocketThrowsAwayWhatIsMalformed(t *testing.T) {
	t.Parallel()
	a, b := pair(t)
	m := Message{Kind: KindHealthy}
	if err := errors.Join(Send(b, []byte("nonsense"), a), Send(b, make([]byte, MaxMessage)), Send(b, m.Append(nil))); err != nil {
		t.Fatal(err)
	}
	var r Receiver
	for range 2 {
		if _, fds, err := r.Receive(a); !errors.Is(err, ErrMalformed) || fds != nil {
			t.Errorf("%v, %v", fds, err)
		}
	}
	if got, _, err := r.Receive(a); err != nil || got.Kind != KindHealthy {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := r.Receive(a); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("empty socket: %v", err)
	}
	CloseAll([]int{b})
}

func TestTableThroughMemfd(t *testing.T) {
	t.Parallel()
	want := fullTable()
	for range 5000 {
		want.Held = append(want.Held, want.Held[1])
	}
	fd, err := WriteTable(want)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for range 2 { // whoever reads it leaves it as it is
		got, err := ReadTable(fd)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%d launches, %v", len(got.Held), err)
		}
	}
	if n := len(want.Descriptors()); n != 2+1+3*5001 {
		t.Errorf("%d descriptors", n)
	}
	for _, inherited := range []bool{true, false} {
		if err := Inherit(inherited, fd); err != nil {
			t.Fatal(err)
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || (flags == 0) != inherited {
			t.Errorf("inherited %v: flags %d, %v", inherited, flags, err)
		}
	}
}
