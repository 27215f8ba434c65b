package logs

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// disk has room for some bytes; it writes what fits and refuses the rest.
type disk struct{ room atomic.Int64 }

func (d *disk) write(fd int, b []byte) (int, error) {
	room := d.room.Load()
	if room == 0 {
		return -1, unix.ENOSPC
	}
	n, err := unix.Write(fd, b[:min(int64(len(b)), room)])
	d.room.Add(-int64(n))
	return n, err
}

// onDisk starts a loop that writes to a disk with that much room.
func onDisk(t *testing.T, room int64) (*fixture, *disk) {
	t.Helper()
	d := &disk{}
	d.room.Store(room)
	return start(t, func(l *Loop) { l.write, l.timing.retry = d.write, time.Millisecond }), d
}

func TestFullDeviceIsSaidOnce(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.retry = time.Millisecond })
	s := f.stream("/dev/full", "")
	s.write("one\n")
	for range 20 {
		if err := s.in.Sync(f.context()); !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("Sync: %v", err)
		}
	}
	if n := f.log.count("can't be written"); n != 1 {
		t.Errorf("said %d times", n)
	}
	if n, err := unread(s.in.fd); err != nil || n != len("one\n") {
		t.Errorf("%d bytes are in the pipe (%v), want all", n, err)
	}
}

func TestFullDiskLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	const line = "0123456789\n"
	text := strings.Repeat(line, 1000)
	for _, room := range []int64{0, 1, 3, 13, 14, 15, 5000} {
		f, d := onDisk(t, room)
		s := f.stream("out.log", "[T]")
		s.write(text)
		if err := s.in.Sync(f.context()); !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("Sync: %v", err)
		}
		if got := f.read("out.log"); got != "" {
			t.Fatalf("room for %d: the file keeps %s", room, abridge(got))
		}
		d.room.Store(1 << 30)
		s.finish()
		f.want("out.log", strings.Repeat("T: "+line, 1000))
		if bad, good := f.log.count("can't be written"), f.log.count("is written again"); bad != 1 || good != 1 {
			t.Errorf("outage said %d times, its end %d times", bad, good)
		}
	}
}

func TestShortWriteBehindWhichSomebodyElseAppends(t *testing.T) {
	t.Parallel()
	f, d := onDisk(t, 5)
	s := f.stream("out.log", "[T]")
	other, err := os.OpenFile(f.path("out.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	appended := make(chan struct{})
	if err := f.call(f.context(), func() {
		f.write = func(fd int, b []byte) (int, error) {
			n, err := d.write(fd, b)
			if n == 5 {
				_, _ = other.WriteString("|other|")
				close(appended)
			}
			return n, err
		}
	}); err != nil {
		t.Fatal(err)
	}
	s.write("line\nmore\n")
	receive(t, appended)
	d.room.Store(1 << 30)
	s.finish()
	f.want("out.log", "T: li|other|ne\nT: more\n")
}

func TestEndOfFileDuringAnOutage(t *testing.T) {
	t.Parallel()
	f, d := onDisk(t, int64(len("T: begun")))
	s := f.stream("out.log", "[T]")
	s.write("begun")
	s.sync()
	s.w.Close() // the newline has no room
	for f.log.count("can't be written") == 0 {
		if err := f.call(f.context(), func() {}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-s.in.Done():
		t.Fatal("done before the last byte is written")
	default:
	}
	d.room.Store(1)
	s.finish()
	f.want("out.log", "T: begun\n")
}

func TestTruncateEndsAnOutage(t *testing.T) {
	t.Parallel()
	f, d := onDisk(t, 0)
	if err := f.call(f.context(), func() { f.timing.retry = time.Hour }); err != nil {
		t.Fatal(err)
	}
	s := f.stream("out.log", "")
	s.write("line\n")
	if err := s.in.Sync(f.context()); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("Sync: %v", err)
	}
	d.room.Store(100)
	if err := f.Truncate(f.context(), f.path("out.log")); err != nil {
		t.Fatal(err)
	}
	s.finish()
	f.want("out.log", "line\n")
}
