package keeper

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// MaxTable is the size of the longest table in bytes: some fifty thousand
// launches.
const MaxTable = 16 << 20

const (
	magic      = "hubt" // in front of the length
	headerSize = len(magic) + lengthSize
)

// WriteTable returns a memfd that holds the table. It is close-on-exec: clear
// that (Inherit) before an exec, or hand it to a child by name. The table is never
// in memory as a whole: hub-keeper keeps what its heap has once taken.
func WriteTable(t *Table) (fd int, err error) {
	if fd, err = unix.MemfdCreate("hub-table", unix.MFD_CLOEXEC); err != nil {
		return -1, err
	}
	const enough = 4 << 10
	f := tableFile{fd: fd, size: int64(headerSize)}
	rest := t.appendFields(make([]byte, 0, enough+enough/4), func(b []byte) []byte {
		if len(b) < enough {
			return b
		}
		f.append(b)
		return b[:0]
	})
	f.append(rest)
	if f.size > MaxTable {
		f.err = unix.EFBIG
	}
	f.writeAt(appendHeader(nil, int(f.size)-headerSize), 0)
	if f.err != nil {
		_ = unix.Close(fd)
		return -1, f.err
	}
	return fd, nil
}

// tableFile is a memfd that is written; err is the first that occurred.
type tableFile struct {
	fd   int
	size int64
	err  error
}

func (f *tableFile) append(b []byte) {
	f.writeAt(b, f.size)
	f.size += int64(len(b))
}

func (f *tableFile) writeAt(b []byte, at int64) {
	for len(b) > 0 && f.err == nil {
		n, err := unix.Pwrite(f.fd, b, at)
		if err != nil && err != unix.EINTR {
			f.err = err
			return
		}
		n = max(n, 0)
		b, at = b[n:], at+int64(n)
	}
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

// Append appends the table to b in the form of the memfd.
func (t *Table) Append(b []byte) []byte {
	fields := t.appendFields(nil, func(b []byte) []byte { return b })
	return append(appendHeader(b, len(fields)), fields...)
}

func appendHeader(b []byte, size int) []byte {
	return binary.LittleEndian.AppendUint32(append(b, magic...), uint32(size))
}

// ParseTable reads a table. Descriptors that are missing are -1.
func ParseTable(b []byte) (*Table, error) {
	if len(b) < headerSize || len(b) > MaxTable || string(b[:len(magic)]) != magic ||
		uint64(binary.LittleEndian.Uint32(b[len(magic):])) != uint64(len(b)-headerSize) {
		return nil, ErrMalformed
	}
	t := &Table{Socket: -1, Lock: -1, Ready: -1}
	var r reader
	r.table(t, b[headerSize:])
	if r.err != nil {
		return nil, r.err
	}
	return t, nil
}
