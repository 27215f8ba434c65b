package main

import (
	"bytes"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// idleAfter is how long nothing has to happen until memory is given back.
const idleAfter = 2 * time.Second

// garbage is how many messages and ends make a collection worth its own cost.
const garbage = 500

// collect is called in each round of the loop. Go would collect at 4 MiB, twice
// of what all of us is to take, and what a heap has once taken it keeps.
func (p *parent) collect() {
	if p.garbage >= garbage {
		runtime.GC()
		p.garbage = 0
	}
}

// rest gives back the pages of the program that were needed for more than to
// wait. They are clean, so they are read again when needed.
func (p *parent) rest() {
	p.busy = false
	fd, err := unix.Open("/proc/self/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var buf [4096]byte // the program's maps are the first three
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return
	}
	var program []byte
	for line := range bytes.Lines(buf[:n]) {
		start, end, path, ok := parseMap(line)
		if !ok || program != nil && !bytes.Equal(path, program) {
			break
		}
		program = path
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_DONTNEED)
	}
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
