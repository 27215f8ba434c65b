package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Home is the daemon's folder.
type Home struct {
	Dir string

	mu      sync.Mutex     // guards content and the files in specs/
	content map[string]int // how often each is put
}

// folders are the folders in a home.
var folders = []string{"run", "specs", "logs", "pids"}

// OpenHome makes the folder and those in it, 0700. A folder that is there
// already and open to others is tightened; one that belongs to another user is
// refused, since that user could replace what is in it.
func OpenHome(dir string) (*Home, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("HUB_HOME %q is not an absolute path", dir)
	}
	h := &Home{Dir: filepath.Clean(dir), content: make(map[string]int)}
	if err := checkOurs(h.Dir); err != nil {
		return nil, fmt.Errorf("HUB_HOME: %w", err)
	}
	// The folder itself may be a link; what counts is where it leads.
	real, err := filepath.EvalSymlinks(h.Dir)
	if err != nil {
		real = h.Dir // it is made below
	}
	if err := private(real); err != nil {
		return nil, fmt.Errorf("HUB_HOME: %w", err)
	}
	for _, name := range folders {
		if err := private(h.path(name)); err != nil {
			return nil, fmt.Errorf("HUB_HOME: %w", err)
		}
	}
	return h, nil
}

// private makes a folder that only its owner can enter, or tightens it.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return &os.PathError{Op: "lstat", Path: dir, Err: err}
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return nil // an administrator's choice, whose target has a mode of its own
	}
	if uid := os.Geteuid(); int(st.Uid) != uid {
		return fmt.Errorf("%s belongs to uid %d and we are uid %d; name another folder in HUB_HOME", dir, st.Uid, uid)
	}
	if st.Mode&0o077 == 0 {
		return nil
	}
	return os.Chmod(dir, 0o700)
}

// checkOurs refuses to take a folder over that is open to others and holds what
// is not ours: closing it would lock out whoever uses it.
func checkOurs(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, "hubd.") && !strings.HasPrefix(name, "dump.json") &&
			!strings.HasPrefix(name, "state.json") && !slices.Contains(folders, name) {
			return fmt.Errorf("%s is not a folder of hub's own (it holds %s) and would be closed to others; name another one", dir, name)
		}
	}
	if info.Mode()&fs.ModeSticky != 0 || dir == "/" {
		return fmt.Errorf("%s is shared with others; name another folder", dir)
	}
	return nil
}

func (h *Home) path(name string) string { return filepath.Join(h.Dir, name) }

// SocketPath, PidPath, LogPath, StatePath, DumpPath and RunDir are where things
// lie in the home.
func (h *Home) SocketPath() string { return h.path("hubd.sock") }
func (h *Home) PidPath() string    { return h.path("hubd.pid") }
func (h *Home) LogPath() string    { return h.path("hubd.log") }
func (h *Home) StatePath() string  { return h.path("state.json") }
func (h *Home) DumpPath() string   { return h.path("dump.json") }
func (h *Home) RunDir() string     { return h.path("run") }

// ErrLocked means that another daemon has the home.
var ErrLocked = errors.New("another hubd runs in this HUB_HOME")

// Lock is the right to be the daemon of a home. The kernel takes it back when
// the last process that has it open ends.
type Lock struct{ file *os.File }

// Lock takes the home, or returns ErrLocked at once.
func (h *Home) Lock() (*Lock, error) {
	path := h.path("hubd.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	l := &Lock{file: f}
	// Between open and flock somebody may have removed the home and made it
	// anew: then this lock is of a file that nobody else will ever see.
	if err := l.Valid(); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

// HeldLock is the lock that the process before has taken and passed on: one open
// file, so that the home is free only when all who share it are gone. An error
// says that its path names another file now.
func (h *Home) HeldLock(fd int) (*Lock, error) {
	if fd < 0 {
		return nil, errors.New("lock: the process before has passed none on")
	}
	l := &Lock{file: os.NewFile(uintptr(fd), h.path("hubd.lock"))}
	return l, l.Valid()
}

// Named returns an error when the home of a held lock is gone, or another one lies at
// its path. It makes nothing. An error in looking is none.
func Named(dir string, lock int) error {
	path := filepath.Join(dir, "hubd.lock")
	var held, named unix.Stat_t
	if err := unix.Fstat(lock, &held); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	switch err := unix.Stat(path, &named); {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		return fmt.Errorf("HUB_HOME was removed: %s does not exist", path)
	case err == nil && (held.Dev != named.Dev || held.Ino != named.Ino):
		return fmt.Errorf("HUB_HOME was removed and made anew: %s is another daemon's", path)
	}
	return nil
}

// Descriptor returns the locked file, which stays the Lock's.
func (l *Lock) Descriptor() int { return int(l.file.Fd()) }

// Valid reports whether the lock's path still names the file that is locked. If
// not, the home was removed and another daemon may have it.
func (l *Lock) Valid() error {
	var held, named unix.Stat_t
	if err := unix.Fstat(int(l.file.Fd()), &held); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	err := unix.Stat(l.file.Name(), &named)
	if err != nil || held.Dev != named.Dev || held.Ino != named.Ino {
		return fmt.Errorf("lock: %s is not the file that this daemon locked (was HUB_HOME removed?)", l.file.Name())
	}
	return nil
}

// Close gives the home up.
func (l *Lock) Close() error { return l.file.Close() }

// WritePid names this process in hubd.pid.
func (h *Home) WritePid() error { return WritePid(h.PidPath()) }

// WritePid names this process in a file.
func WritePid(path string) error {
	return replace(path, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
}

// RemovePid removes hubd.pid; it may be missing.
func (h *Home) RemovePid() error {
	if err := os.Remove(h.PidPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
