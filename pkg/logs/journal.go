package logs

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// journal holds the slots of all outlets in a file that is mapped, so that they
// survive a process that is killed, and cost no system call. It need not survive
// a reboot, which ends the pipes too, so nothing is flushed.
//
// Its first page says whose it is, the others are slots.
type journal struct {
	log  *slog.Logger
	file *os.File // nil: the slots are in the process's own memory
	size int64    // of the file, in bytes
	maps [][]byte
	free []*slot
	said bool // that there is no room

	// left are the slots of an earlier process that nobody has claimed, and
	// unfinished counts those among them by their file.
	left       map[claim]*slot
	unfinished map[identity]int
}

// claim is what a slot belongs to.
type claim struct {
	pipe   uint64 // inode
	outlet int
}

const (
	journalVersion = "hub log journal 1\n"
	bootFile       = "/proc/sys/kernel/random/boot_id"
)

// openJournal opens or makes the journal at path. Without one, or a path, lines
// may be repeated or torn when the process is killed, and nothing else changes.
func openJournal(path string, log *slog.Logger) *journal {
	j := &journal{log: log, left: make(map[claim]*slot), unfinished: make(map[identity]int)}
	if path == "" {
		return j
	}
	if err := j.open(path); err != nil {
		j.complain(err)
		j.close()
	}
	return j
}

func (j *journal) complain(err error) {
	if !j.said {
		j.said = true
		j.log.Warn("no journal of the logs: if hubd is killed, a log file may get some lines twice", "err", err)
	}
}

func (j *journal) open(path string) error {
	boot, err := os.ReadFile(bootFile)
	if err != nil {
		return err
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	j.file = os.NewFile(uintptr(fd), path)
	st, err := j.file.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	head := journalVersion + string(boot)
	found := make([]byte, len(head))
	if n, _ := j.file.ReadAt(found, 0); string(found[:n]) != head {
		return j.begin(head)
	}
	page := int64(os.Getpagesize())
	for j.size = page; j.size+page <= st.Size(); {
		slots, err := j.mapPage()
		if err != nil {
			return err
		}
		j.find(slots)
	}
	return nil
}

// begin makes an empty journal.
func (j *journal) begin(head string) error {
	if err := j.file.Truncate(0); err != nil {
		return err
	}
	page := int64(os.Getpagesize())
	if err := j.allocate(0, page); err != nil {
		return err
	}
	j.size = page
	_, err := j.file.WriteAt([]byte(head), 0)
	return err
}

// find sorts slots that an earlier process has left.
func (j *journal) find(slots []slot) {
	for i := range slots {
		s := &slots[i]
		key := claim{s.pipe.Load(), int(s.outlet)}
		if key.pipe == 0 || j.left[key] != nil || !s.plausible() {
			j.release(s)
			continue
		}
		j.left[key] = s
		if s.unfinished() {
			j.unfinished[s.file]++
		}
	}
}

// claim returns the slot that an earlier process has left, or nil.
func (j *journal) claim(key claim) *slot {
	s := j.left[key]
	if s == nil {
		return nil
	}
	delete(j.left, key)
	if s.unfinished() {
		j.finished(s.file)
	}
	return s
}

func (j *journal) finished(file identity) {
	if j.unfinished[file]--; j.unfinished[file] == 0 {
		delete(j.unfinished, file)
	}
}

// forget drops the slots that nobody has claimed.
func (j *journal) forget() {
	for _, s := range j.left {
		j.release(s)
	}
	clear(j.left)
	clear(j.unfinished)
}

// allot returns a slot with nothing in it but its owner and a mark.
func (j *journal) allot(key claim, file identity, m mark) *slot {
	if len(j.free) == 0 {
		j.grow()
	}
	last := len(j.free) - 1
	s := j.free[last]
	j.free = j.free[:last]
	s.file, s.outlet, s.marks[0] = file, uint8(key.outlet), m
	s.blind = false
	s.phase.Store(0)
	s.taken.Store(0)
	s.takes.Store(0)
	s.pipe.Store(key.pipe)
	return s
}

func (j *journal) release(s *slot) {
	s.pipe.Store(0)
	j.free = append(j.free, s)
}

func (j *journal) grow() {
	slots, err := j.growFile()
	if err != nil {
		j.complain(err)
	}
	if slots == nil {
		slots = make([]slot, os.Getpagesize()/slotSize)
	}
	for i := range slots {
		j.free = append(j.free, &slots[i])
	}
}

func (j *journal) growFile() ([]slot, error) {
	if j.file == nil {
		return nil, nil
	}
	if err := j.allocate(j.size, int64(os.Getpagesize())); err != nil {
		return nil, err
	}
	return j.mapPage()
}

// mapPage maps the page at j.size.
func (j *journal) mapPage() ([]slot, error) {
	page := os.Getpagesize()
	b, err := unix.Mmap(int(j.file.Fd()), j.size, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", j.file.Name(), err)
	}
	j.maps = append(j.maps, b)
	j.size += int64(page)
	return unsafe.Slice((*slot)(unsafe.Pointer(&b[0])), page/slotSize), nil
}

// allocate makes the file longer. A store to a mapped page that the disk has no
// room for would be a SIGBUS.
func (j *journal) allocate(offset, length int64) error {
	_, err := ignoringEINTR(func() (int, error) {
		return 0, unix.Fallocate(int(j.file.Fd()), 0, offset, length)
	})
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		_, err = j.file.WriteAt(make([]byte, length), offset)
	}
	if err != nil {
		return fmt.Errorf("room for %s: %w", j.file.Name(), err)
	}
	return nil
}

// lasting reports whether somebody can go on with the slots.
func (j *journal) lasting() bool { return j.file != nil }

// close leaves the file to who comes next.
func (j *journal) close() {
	for _, b := range j.maps {
		_ = unix.Munmap(b)
	}
	if j.file != nil {
		j.file.Close()
	}
	j.file, j.maps, j.free = nil, nil, nil
	clear(j.left)
	clear(j.unfinished)
}
