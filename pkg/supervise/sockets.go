package supervise

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/keeper"
	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

// firstSocket is the number of a child's first listening socket
// (SD_LISTEN_FDS_START, sd_listen_fds(3)).
const firstSocket = 3

// sockets are the listening sockets of all apps. One is open as long as an instance
// needs it: over crashes, restarts and reloads, so that connections wait in its queue
// while no process accepts.
//
// They are numbers and no os.File or net.Listener: all processes of an app share one
// open file, and these would change its O_NONBLOCK for all of them.
type sockets struct {
	keeper Keeper
	log    *slog.Logger

	mu   sync.Mutex // guards the fields below
	list map[string]*socket
	// busy are the addresses that somebody opens, or whose file somebody removes, just
	// now. The channel is closed after that.
	busy map[string]chan struct{}
	// freed are the addresses of sockets that were closed lately, and when. closed is
	// closed, and replaced, at the next one.
	freed  map[spec.Address]time.Time
	closed chan struct{}
}

// socket is a listening socket, by its address in sockets.
type socket struct {
	app     string
	at      spec.Address
	fd      int
	file    fileID          // that a Unix socket has made
	needers map[string]bool // instances, by UUID
}

func newSockets(k Keeper, log *slog.Logger) *sockets {
	return &sockets{
		keeper: k, log: log, list: make(map[string]*socket), busy: make(map[string]chan struct{}),
		freed: make(map[spec.Address]time.Time), closed: make(chan struct{}),
	}
}

// open opens the sockets of a spec that are not open yet, for an instance that needs
// them from now on, and returns a duplicate of each, in the spec's order. On an
// error there are no duplicates; what was opened stays with the instance.
func (s *sockets) open(uuid string, sp *spec.Spec) (fds []int, err error) {
	for _, l := range sp.Listen {
		fd, err := s.openOne(uuid, sp, l)
		if err != nil {
			keeper.CloseAll(fds)
			return nil, fmt.Errorf("listen %s: %w", l.Address, err)
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

func (s *sockets) openOne(uuid string, sp *spec.Spec, l spec.Listener) (fd int, err error) {
	if err := s.awaitOthers(uuid, sp, l); err != nil {
		return -1, err
	}
	release, err := s.claim(l.Address)
	if err != nil {
		return -1, err
	}
	defer release()
	// Without the lock: the file system of a Unix socket may hang.
	at := l.At()
	lost := s.lost(l.Address)
	if !lost {
		if fd, ok, err := s.share(uuid, l.Address); ok {
			return fd, err
		}
	}
	fd, err = s.listen(at)
	if err != nil {
		return -1, err
	}
	s.log.Info("listen", "app", sp.Name, "address", l.Address)
	if lost {
		s.log.Warn("the file of the socket was gone", "app", sp.Name, "address", l.Address)
	}
	s.hold(l.Address, fd)
	s.add(l.Address, &socket{app: sp.Name, at: at, fd: fd, file: fileAt(at.Path), needers: make(map[string]bool)})
	fd, _, err = s.share(uuid, l.Address)
	return fd, err
}

// claim waits until nobody else opens or removes an address. It is never given up
// while that goes on: of two that open a path at once, each would take the other's
// socket for a dead one before it listens.
func (s *sockets) claim(address string) (release func(), err error) {
	patience := time.NewTimer(launchPatience)
	defer patience.Stop()
	for {
		mine, other := s.tryClaim(address)
		if other == nil {
			return func() { s.unclaim(address, mine) }, nil
		}
		select {
		case <-other:
		case <-patience.C:
			return nil, errors.New("it is being opened or removed already, and that takes too long: its file system may hang")
		}
	}
}

// tryClaim returns the channel of whoever has the address, or ours.
func (s *sockets) tryClaim(address string) (mine, other chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.busy[address]; other != nil {
		return nil, other
	}
	mine = make(chan struct{})
	s.busy[address] = mine
	return mine, nil
}

func (s *sockets) unclaim(address string, mine chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, address)
	close(mine)
}

// share duplicates a socket that is open for an instance that needs it from now on.
func (s *sockets) share(uuid, address string) (fd int, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.list[address]
	if !ok {
		return -1, false, nil
	}
	k.needers[uuid] = true
	fd, err = unix.FcntlInt(uintptr(k.fd), unix.F_DUPFD_CLOEXEC, 0)
	return fd, true, err
}

// mayHave returns an error if another app has the address, or somebody one that
// shuts it out.
func (s *sockets) mayHave(app string, l spec.Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.shutOut(app, l)
	return err
}

// shutOut returns mayHave's error and the socket that is the reason; s.mu is held.
func (s *sockets) shutOut(app string, l spec.Listener) (*socket, error) {
	at := l.At()
	for address, k := range s.list {
		switch {
		case !k.at.Meets(at):
		case k.app != app:
			return k, fmt.Errorf("app %q has %s", k.app, address)
		case address != l.Address:
			return k, fmt.Errorf("the app itself still has %s; a restart goes from one to the other, a reload can't", address)
		}
	}
	return nil, nil
}

// lost reports whether the file of an open Unix socket has its path no more: nobody can
// connect to it.
func (s *sockets) lost(address string) bool {
	s.mu.Lock()
	k := s.list[address]
	s.mu.Unlock()
	return k != nil && k.at.Path != "" && (k.file == (fileID{}) || fileAt(k.at.Path) != k.file)
}

// add takes a new socket in, also for those that need the one in whose place it comes.
func (s *sockets) add(address string, k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before := s.list[address]; before != nil {
		k.needers = before.needers
		closeFD(before.fd)
	}
	s.list[address] = k
}

// hold hands the keeper a duplicate.
func (s *sockets) hold(address string, fd int) {
	s.keeper.Hold(keeper.ListenKey, keeper.File{Name: address, FD: fd})
	// One of protocol 1 would wait for a launch of that key to be forked.
	s.keeper.Reaped(keeper.ListenKey)
}

// adopt takes over a socket of an earlier daemon, which an instance needs. fd is -1
// if somebody has taken it over before, or nobody has it. It reports whether fd is
// the socket's from now on; else it is closed.
func (s *sockets) adopt(uuid, app string, l spec.Listener, fd int) bool {
	if s.mayHave(app, l) != nil { // a damaged record
		closeFD(fd)
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.list[l.Address]; k != nil {
		closeFD(fd)
		k.needers[uuid] = true
		return false
	}
	if fd < 0 {
		return false
	}
	at := l.At()
	s.list[l.Address] = &socket{app: app, at: at, fd: fd, file: fileAt(at.Path), needers: map[string]bool{uuid: true}}
	return true
}

// has reports whether a socket is open.
func (s *sockets) has(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list[address] != nil
}

// keep gives back the sockets of an instance that none of its specs has. One that
// nobody needs is closed, and who waits in its queue is refused.
func (s *sockets) keep(uuid string, specs []*spec.Spec) {
	for _, k := range s.giveBack(uuid, specs) {
		if err := s.removeFile(k); err != nil {
			s.log.Error("listen", "app", k.app, "address", k.at.String(), "error", err)
		}
	}
}

// removeFile removes the file of a socket that was closed, unless another one has its
// path by now.
func (s *sockets) removeFile(k *socket) error {
	if k.at.Path == "" {
		return nil
	}
	address := k.at.String()
	release, err := s.claim(address)
	if err != nil {
		return err
	}
	defer release()
	if s.has(address) {
		return nil
	}
	return k.file.remove(k.at.Path)
}

// giveBack returns those that were closed.
func (s *sockets) giveBack(uuid string, specs []*spec.Spec) (closed []*socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for address, k := range s.list {
		if !k.needers[uuid] || slices.ContainsFunc(specs, func(sp *spec.Spec) bool { return listensOn(sp, address) }) {
			continue
		}
		if delete(k.needers, uuid); len(k.needers) > 0 {
			continue
		}
		delete(s.list, address)
		s.keeper.Release(keeper.ListenKey, address)
		closeFD(k.fd)
		closed = append(closed, k)
		s.noteFreed(k.at)
	}
	return closed
}

func listensOn(s *spec.Spec, address string) bool {
	return slices.ContainsFunc(s.Listen, func(l spec.Listener) bool { return l.Address == address })
}

// held lists all sockets, for the program that this process becomes.
func (s *sockets) held() []keeper.Held {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := keeper.Held{Key: keeper.ListenKey, Reaped: true}
	for address, k := range s.list {
		h.Files = append(h.Files, keeper.File{Name: address, FD: k.fd})
	}
	if len(h.Files) == 0 {
		return nil
	}
	return []keeper.Held{h}
}

// close lets go of all; the apps that run have their own duplicates.
func (s *sockets) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for address, k := range s.list {
		closeFD(k.fd)
		delete(s.list, address)
	}
}

// settleSockets gives back what the instance does not need any more. One that is
// to stop needs none at once: its process still answers what it accepts, and who
// comes when that has closed its own is refused instead of being left to wait.
func (i *Instance) settleSockets() {
	if i.listens {
		i.sup.sockets.keep(i.UUID, i.machine.needed())
	}
}

// needed are the specs whose sockets must be open.
func (m *machine) needed() []*spec.Spec {
	if !needsSockets(m.want, m.state) {
		return nil
	}
	var room [4]*spec.Spec
	return m.specs(room[:0])
}

// needsSockets reports whether an instance is up, or will be without a command.
func needsSockets(want Want, state State) bool {
	return want == Up && state != Stopped && state != Errored
}

// openSockets returns the child's sockets of a launch.
func (i *Instance) openSockets(s *spec.Spec) ([]int, error) {
	if len(s.Listen) == 0 {
		return nil, nil
	}
	i.listens = true
	return i.sup.sockets.open(i.UUID, s)
}
