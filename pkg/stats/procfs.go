package stats

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// procfs reads a /proc without leaving garbage: paths and contents go through
// its own buffers. It is for one goroutine at a time.
type procfs struct {
	root    string
	path    []byte
	content []byte
	entries []byte
}

const (
	statSize    = 1 << 10 // a line of stat has some 200–350 bytes
	entriesSize = 8 << 10
)

// file returns the content of a file of a process, valid until the next call.
func (f *procfs) file(pid int32, name string) ([]byte, error) {
	f.path = append(f.path[:0], f.root...)
	f.path = append(f.path, '/')
	f.path = strconv.AppendInt(f.path, int64(pid), 10)
	f.path = append(f.path, '/')
	f.path = append(f.path, name...)
	f.path = append(f.path, 0)
	fd, err := open(f.path, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if f.content == nil {
		f.content = make([]byte, statSize)
	}
	for size := 0; ; {
		n, err := unix.Read(fd, f.content[size:])
		if err != nil {
			return nil, err
		}
		size += n
		if size < len(f.content) { // a short read is the end of these files
			return f.content[:size], nil
		}
		f.content = append(f.content, make([]byte, len(f.content))...)
	}
}

// pids calls each for every process of the folder.
func (f *procfs) pids(each func(pid int32) error) error {
	fd, err := unix.Open(f.root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if f.entries == nil {
		f.entries = make([]byte, entriesSize)
	}
	for {
		n, err := unix.Getdents(fd, f.entries)
		if err != nil || n == 0 {
			return err
		}
		if err := eachPID(f.entries[:n], each); err != nil {
			return err
		}
	}
}

// eachPID walks struct linux_dirent64 (getdents64(2)): inode and offset of 8
// bytes each, the record's length in 2, the type in 1, the name up to a NUL.
func eachPID(entries []byte, each func(pid int32) error) error {
	const lengthAt, nameAt = 16, 19
	for len(entries) > nameAt {
		length := int(binary.NativeEndian.Uint16(entries[lengthAt:]))
		name, _, _ := bytes.Cut(entries[nameAt:length], []byte{0})
		entries = entries[length:]
		if pid, ok := parseInt(name); ok && pid > 0 {
			if err := each(int32(pid)); err != nil {
				return err
			}
		}
	}
	return nil
}

// open is open(2) for a path that ends in NUL. unix.Open takes a string, which
// for a thousand processes every two seconds would be garbage.
func open(path []byte, flags int) (fd int, err error) {
	at := unix.AT_FDCWD
	n, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(at),
		uintptr(unsafe.Pointer(&path[0])), uintptr(flags), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}
