package logs

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// tap looks into pipes without taking anything out of them: tee(2) copies
// references to the pipe's pages into a scratch pipe, which is read instead.
type tap struct {
	r, w int // the scratch pipe, empty between two calls
	null int // /dev/null, where taken bytes are spliced to without a copy
	buf  []byte
	// packets: the last peek met what was written with O_DIRECT (pipe(2)).
	packets bool
	waste   [wasteSize]byte
	pieces  [][]byte // of what a take reads
}

// wasteSize is where a take's bytes are read to, small enough to stay in the
// processor's cache, and so large that seven times as much is a chunk: with the
// last byte these are the eight pieces that readv(2) takes without an allocation
// in the kernel (UIO_FASTIOV).
const wasteSize = chunkSize/7 + 1

func newTap() (*tap, error) {
	null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/null: %w", err)
	}
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		unix.Close(null)
		return nil, fmt.Errorf("scratch pipe: %w", err)
	}
	// tee copies a slot for a slot, and the slots of a pipe need not be full.
	// Where the kernel refuses, a peek is shorter and nothing else changes.
	_, _ = unix.FcntlInt(uintptr(p[1]), unix.F_SETPIPE_SZ, 4*chunkSize)
	return &tap{r: p[0], w: p[1], null: null, buf: make([]byte, chunkSize), pieces: make([][]byte, 0, 8)}, nil
}

func (t *tap) close() {
	unix.Close(t.r)
	unix.Close(t.w)
	unix.Close(t.null)
}

// peek returns the first bytes of the pipe, valid until the next call; EAGAIN
// when it is empty, io.EOF when it is empty and nobody can write any more.
func (t *tap) peek(fd int) ([]byte, error) {
	n, err := ignoringEINTR(func() (int64, error) {
		return unix.Tee(fd, t.w, len(t.buf), unix.SPLICE_F_NONBLOCK)
	})
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	t.packets = false
	for got := 0; got < int(n); {
		t.packets = got > 0 // only they need another read
		m, err := ignoringEINTR(func() (int, error) { return unix.Read(t.r, t.buf[got:n]) })
		if err == nil && m == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, fmt.Errorf("read the scratch pipe: %w", err)
		}
		got += m
	}
	return t.buf[:n], nil
}

// take removes exactly the first n bytes of the pipe, and puts the last of them
// into last. A kill does not stop it halfway, as it does splice(2): all bytes
// leave the pipe and last is set, or nothing happens. They must be there, and
// must not end within a packet, whose rest would be lost.
func (t *tap) take(fd, n int, last []byte) error {
	t.pieces = t.pieces[:0]
	for left := n - 1; left > 0; left -= wasteSize {
		t.pieces = append(t.pieces, t.waste[:min(left, wasteSize)])
	}
	t.pieces = append(t.pieces, last)
	m, err := ignoringEINTR(func() (int, error) { return unix.Readv(fd, t.pieces) })
	if err != nil {
		return fmt.Errorf("take %d bytes out of the pipe: %w", n, err)
	}
	return t.discard(fd, n-m)
}

// packet reports whether the first bytes of a pipe, of which there are two or
// more, were written with O_DIRECT: a read of one drops the others.
func (t *tap) packet(fd int) bool {
	n, err := ignoringEINTR(func() (int64, error) {
		return unix.Tee(fd, t.w, 2, unix.SPLICE_F_NONBLOCK)
	})
	if err != nil || n < 2 {
		return false
	}
	var b [1]byte
	_, _ = ignoringEINTR(func() (int, error) { return unix.Read(t.r, b[:]) })
	_, err = ignoringEINTR(func() (int, error) { return unix.Read(t.r, b[:]) })
	return errors.Is(err, unix.EAGAIN)
}

// discard removes exactly the first n bytes of the pipe.
func (t *tap) discard(fd, n int) error {
	for n > 0 {
		m, err := t.drop(fd, n)
		if err != nil {
			return fmt.Errorf("take %d bytes out of the pipe: %w", n, err)
		}
		n -= m
	}
	return nil
}

// drop removes at most the first n bytes of the pipe; the errors are peek's.
func (t *tap) drop(fd, n int) (int, error) {
	m, err := ignoringEINTR(func() (int64, error) {
		return unix.Splice(fd, nil, t.null, nil, n, unix.SPLICE_F_NONBLOCK)
	})
	if err == nil && m == 0 {
		err = io.EOF
	}
	return int(m), err
}

// unread is the number of bytes in the pipe (FIONREAD, also called TIOCINQ; pipe(7)).
func unread(fd int) (int, error) {
	return unix.IoctlGetInt(fd, unix.TIOCINQ)
}

func ignoringEINTR[N any](call func() (N, error)) (N, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
