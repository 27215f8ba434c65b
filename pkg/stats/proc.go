package stats

import (
	"bytes"
	"os"
)

// Proc is one process as /proc/PID/stat shows it (proc_pid_stat(5)).
type Proc struct {
	PID, PPID, PGID, SID int32

	State   byte   // R, S, D, Z, T, …
	Threads int32  // living threads
	Start   uint64 // clock ticks since boot; with PID it names one process of this boot
	CPU     uint64 // user and system time in clock ticks, without children
	RSS     int64  // resident size in bytes, shared pages included
}

// Dead reports whether the process has ended and only waits to be reaped. A
// process whose first thread has ended while others run is a zombie by its
// letter only.
func (p Proc) Dead() bool {
	return p.State == 'X' || p.State == 'Z' && p.Threads <= 1
}

// RSS sums the resident size in bytes. Pages that processes share are counted
// once for each, so the sum is an upper bound; PSS has the true share.
func RSS(tree []Proc) int64 {
	var sum int64
	for _, p := range tree {
		sum += p.RSS
	}
	return sum
}

// Fields of /proc/PID/stat, counted from 1 as in proc_pid_stat(5).
const (
	fieldPPID    = 4
	fieldPGID    = 5
	fieldSID     = 6
	fieldUtime   = 14
	fieldStime   = 15
	fieldThreads = 20
	fieldStart   = 22
	fieldRSS     = 24
)

var pageSize = int64(os.Getpagesize())

// parseStat reads one line of stat. The second field, the name of the program
// in brackets, may hold anything, spaces and brackets too: what follows it
// begins after the last bracket.
func parseStat(line []byte) (p Proc, ok bool) {
	space, bracket := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ')')
	if space < 0 || bracket < space || len(line) < bracket+4 {
		return Proc{}, false
	}
	pid, ok := parseInt(line[:space])
	if !ok {
		return Proc{}, false
	}
	p.PID, p.State = int32(pid), line[bracket+2]
	field := fieldPPID
	for text := range bytes.FieldsSeq(line[bracket+3:]) {
		n, ok := parseInt(text)
		if !ok {
			return Proc{}, false
		}
		p.set(field, n)
		if field == fieldRSS {
			return p, true
		}
		field++
	}
	return Proc{}, false
}

func (p *Proc) set(field int, n int64) {
	switch field {
	case fieldPPID:
		p.PPID = int32(n)
	case fieldPGID:
		p.PGID = int32(n)
	case fieldSID:
		p.SID = int32(n)
	case fieldUtime, fieldStime:
		p.CPU += uint64(n)
	case fieldThreads:
		p.Threads = int32(n)
	case fieldStart:
		p.Start = uint64(n)
	case fieldRSS:
		p.RSS = n * pageSize
	}
}

// parseInt is strconv.ParseInt for bytes. A number beyond int64 (vsize and
// rlimits are unsigned) wraps round; none that is used gets there.
func parseInt(text []byte) (n int64, ok bool) {
	digits := bytes.TrimPrefix(text, []byte("-"))
	if len(digits) == 0 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(text) {
		n = -n
	}
	return n, true
}
