// Package pages keeps what is not needed of a program out of its memory. It knows
// nothing of the program, and imports nothing but golang.org/x/sys.
package pages

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
)

// Program is where this process's file is mapped read-only: code and constants.
type Program struct {
	maps [2]struct{ start, end uintptr }
	n    int
}

// Thin keeps what is not needed of the program out of our memory. With a
// page that is needed the kernel maps all of its 64 KiB that are in the page
// cache, which soon is the whole file; but nothing beyond a mapping. So ours are
// cut into small ones of piece bytes, each of which costs the kernel some 200, by a flag for every other piece that means nothing to them
// (they are not dumped anyway).
func Thin(piece uintptr) Program {
	var p Program
	fd, err := unix.Open("/proc/self/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return p
	}
	defer unix.Close(fd)
	var buf [4096]byte // the program's maps are the first three
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return p
	}
	var file []byte
	for line := range bytes.Lines(buf[:n]) {
		start, end, path, ok := parseMap(line)
		if !ok || file != nil && !bytes.Equal(path, file) || p.n == len(p.maps) {
			break
		}
		file = path
		p.maps[p.n].start, p.maps[p.n].end = start, end
		p.n++
		for at := start; at < end; at += 2 * piece {
			advise(at, min(at+piece, end), unix.MADV_DONTDUMP)
		}
	}
	p.GiveBack()
	return p
}

// GiveBack takes all pages out of our memory. They are clean; what is needed is
// mapped again, which takes some ten microseconds.
func (p *Program) GiveBack() {
	for _, m := range p.maps[:p.n] {
		advise(m.start, m.end, unix.MADV_DONTNEED)
	}
}

// advise may fail: nothing but memory depends on it.
func advise(start, end uintptr, advice uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, start, end-start, advice)
}

// parseMap reads a line of proc_pid_maps(5) of a file that is mapped read-only:
// what was written to would be lost.
func parseMap(line []byte) (start, end uintptr, path []byte, ok bool) {
	f := bytes.Fields(line)
	if len(f) < 6 || len(f[1]) < 4 || f[1][0] != 'r' || f[1][1] != '-' || f[5][0] != '/' {
		return 0, 0, nil, false
	}
	from, to, _ := bytes.Cut(f[0], []byte("-"))
	a, err := strconv.ParseUint(string(from), 16, 64)
	if err != nil {
		return 0, 0, nil, false
	}
	b, err := strconv.ParseUint(string(to), 16, 64)
	if err != nil || b < a {
		return 0, 0, nil, false
	}
	return uintptr(a), uintptr(b), f[5], true
}
