package logs

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// topics are the files that somebody writes or follows, by clean path.
type topics struct {
	mu     sync.Mutex // guards both fields; taken before a topic's
	byPath map[string]*topic
}

// topic is where the writer of a file meets its followers, whichever of them
// comes first.
type topic struct {
	path  string
	users int // guarded by topics.mu

	mu        sync.Mutex // guards the fields below
	sinks     int        // open in this loop, 0 or 1
	current   identity   // of the file that the sink writes
	epoch     epoch
	followers map[chan struct{}]struct{}
}

// epoch tells how often the loop has made a file shorter.
type epoch struct {
	emptied   uint64 // by Truncate
	takenBack uint64 // an incomplete write was undone
	takenTo   int64  // the size, in bytes, that the last undoing left
}

func (ts *topics) acquire(path string) *topic {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.byPath[path]
	if t == nil {
		if ts.byPath == nil {
			ts.byPath = make(map[string]*topic)
		}
		t = &topic{path: path}
		ts.byPath[path] = t
	}
	t.users++
	return t
}

func (ts *topics) release(t *topic) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t.users--
	if t.users == 0 {
		delete(ts.byPath, t.path)
	}
}

// subscribe returns a channel that holds a value whenever the file may have
// changed since it was last received from.
func (t *topic) subscribe() chan struct{} {
	c := make(chan struct{}, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.followers == nil {
		t.followers = make(map[chan struct{}]struct{})
	}
	t.followers[c] = struct{}{}
	return c
}

func (t *topic) unsubscribe(c chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.followers, c)
}

// grew tells the followers, and waits for none.
func (t *topic) grew() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tell()
}

func (t *topic) tell() {
	for c := range t.followers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// opened says that a sink of this loop writes the file fd from now on.
func (t *topic) opened(fd int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sinks++
	t.current = identify(fd)
	t.tell()
}

// reopened says that the sink has changed over to fd.
func (t *topic) reopened(fd int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current = identify(fd)
	t.tell()
}

func (t *topic) closed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sinks--
	t.tell()
}

// truncate empties the file; a follower sees both the size and the epoch from
// before, or both from after.
func (t *topic) truncate(fd int) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := unix.Ftruncate(fd, 0); err != nil {
		return err
	}
	t.epoch.emptied++
	t.tell()
	return nil
}

// takeBack shortens the file to size, in bytes.
func (t *topic) takeBack(fd int, size int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := unix.Ftruncate(fd, size); err != nil {
		return err
	}
	t.epoch.takenBack++
	t.epoch.takenTo = size
	return nil
}

// state returns the size of the file, in bytes, and the epoch that it belongs to.
func (t *topic) state(f *os.File) (size int64, e epoch, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	st, err := f.Stat()
	if err != nil {
		return 0, epoch{}, err
	}
	return st.Size(), t.epoch, nil
}

func (t *topic) now() epoch {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.epoch
}

// written reports whether this loop writes the file, and so tells of growth,
// and which file that is.
func (t *topic) written() (identity, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.current, t.sinks > 0
}

// identity tells files apart, whatever they are called.
type identity struct{ device, inode uint64 }

// identify returns the zero identity for a descriptor that can't be asked.
func identify(fd int) identity {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return identity{}
	}
	return identityOf(&st)
}

func identityOf(st *unix.Stat_t) identity { return identity{st.Dev, st.Ino} }
