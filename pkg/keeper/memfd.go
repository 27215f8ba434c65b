package keeper

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// MaxTable is the size of the longest table in bytes: some fifty thousand
// launches.
const MaxTable = 16 << 20

const magic = "hubt" // in front of the length

// WriteTable returns a memfd that holds the table. It is close-on-exec: clear
// that (Inherit) before an exec, or hand it to a child by name.
func WriteTable(t *Table) (fd int, err error) {
	b := t.Append(make([]byte, 0, t.room()))
	if len(b) > MaxTable {
		return -1, unix.EFBIG
	}
	if fd, err = unix.MemfdCreate("hub-table", unix.MFD_CLOEXEC); err != nil {
		return -1, err
	}
	for rest, at := b, int64(0); len(rest) > 0; {
		n, err := unix.Pwrite(fd, rest, at)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			_ = unix.Close(fd)
			return -1, err
		}
		rest, at = rest[n:], at+int64(n)
	}
	return fd, nil
}

// ReadTable reads a table from the memfd, which stays open.
func ReadTable(fd int) (*Table, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Size < 0 || st.Size > MaxTable {
		return nil, ErrMalformed
	}
	b := make([]byte, st.Size)
	for n := 0; n < len(b); {
		m, err := unix.Pread(fd, b[n:], int64(n))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case m == 0:
			return nil, ErrMalformed
		default:
			n += m
		}
	}
	return ParseTable(b)
}

// Descriptors returns every descriptor that the table names.
func (t *Table) Descriptors() []int {
	fds := make([]int, 0, 3+5*len(t.Held)) // a launch has five at most
	for _, fd := range []int{t.Socket, t.Lock, t.Ready} {
		if fd >= 0 {
			fds = append(fds, fd)
		}
	}
	for i := range t.Held {
		for _, f := range t.Held[i].Files {
			fds = append(fds, f.FD)
		}
	}
	return fds
}

// Inherit says whether descriptors are inherited by the program that this
// process executes next (FD_CLOEXEC, fcntl(2)). It goes through all of them and
// returns the first error.
func Inherit(inherited bool, fds ...int) error {
	flag := unix.FD_CLOEXEC
	if inherited {
		flag = 0
	}
	var first error
	for _, fd := range fds {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, flag); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// room is what the table takes and some more: one that grows by and by leaves
// garbage of five times its size.
func (t *Table) room() int {
	n := 1<<10 + 48*len(t.Strays)
	for i := range t.Held {
		h := &t.Held[i]
		n += 64 + len(h.Key) + 24*len(h.Files) + len(h.Read) + len(h.Unsent)
	}
	return n
}

// Append appends the table to b in the form of the memfd.
func (t *Table) Append(b []byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = append(b, make([]byte, lengthSize)...)
	b = t.appendFields(b)
	binary.LittleEndian.PutUint32(b[start+len(magic):], uint32(len(b)-start-len(magic)-lengthSize))
	return b
}

// ParseTable reads a table. Descriptors that are missing are -1.
func ParseTable(b []byte) (*Table, error) {
	const header = len(magic) + lengthSize
	if len(b) < header || len(b) > MaxTable || string(b[:len(magic)]) != magic ||
		uint64(binary.LittleEndian.Uint32(b[len(magic):])) != uint64(len(b)-header) {
		return nil, ErrMalformed
	}
	t := &Table{Socket: -1, Lock: -1, Ready: -1}
	var r reader
	r.table(t, b[header:])
	if r.err != nil {
		return nil, r.err
	}
	return t, nil
}
