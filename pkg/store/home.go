package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Home is the daemon's folder.
type Home struct{ Dir string }

// OpenHome makes the folder and those in it, 0700. A folder that is there
// already and open to others is tightened; one that belongs to another user is
// refused, since that user could replace what is in it.
func OpenHome(dir string) (*Home, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("HUB_HOME %q is not an absolute path", dir)
	}
	h := &Home{Dir: filepath.Clean(dir)}
	for _, d := range []string{h.Dir, h.path("run"), h.path("specs"), h.path("logs"), h.path("pids")} {
		if err := private(d); err != nil {
			return nil, fmt.Errorf("HUB_HOME: %w", err)
		}
	}
	return h, nil
}

func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return &os.PathError{Op: "stat", Path: dir, Err: err}
	}
	if uid := os.Geteuid(); int(st.Uid) != uid && uid != 0 {
		return fmt.Errorf("%s belongs to uid %d, not to uid %d", dir, st.Uid, uid)
	}
	if st.Mode&0o077 != 0 {
		return os.Chmod(dir, 0o700)
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
func (h *Home) WritePid() error {
	return replace(h.PidPath(), fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
}

// RemovePid removes hubd.pid; it may be missing.
func (h *Home) RemovePid() error {
	if err := os.Remove(h.PidPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
