package supervise

import (
	"errors"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
	"golang.org/x/sys/unix"
)

const (
	// releasePatience is how long the keeper may take to close a socket that it was
	// told to release; it acknowledges nothing.
	releasePatience = time.Second
	// releaseStep is the time between two attempts to have such an address.
	releaseStep = 2 * time.Millisecond
)

// awaitOthers returns when no other instance of the app has a socket any more that shuts
// out an address: all of them are on their way to the new list in a restart, and each
// may take its kill_timeout. Where the instance itself needs that socket, in a reload,
// nobody would ever give it back.
func (s *sockets) awaitOthers(uuid string, sp *spec.Spec, l spec.Listener) error {
	patience := time.NewTimer(sp.KillTimeout.Std() + launchPatience)
	defer patience.Stop()
	for {
		closed, err := s.leaving(uuid, sp.Name, l)
		if closed == nil {
			return err
		}
		select {
		case <-closed:
		case <-patience.C:
			return err
		}
	}
}

// leaving returns mayHave's error, and what is closed at the end of a socket, if waiting
// for that may help.
func (s *sockets) leaving(uuid, app string, l spec.Listener) (closed chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.shutOut(app, l)
	if err == nil || k.app != app || k.needers[uuid] {
		return nil, err
	}
	return s.closed, err
}

// noteFreed notes that a socket was closed; s.mu is held.
func (s *sockets) noteFreed(at spec.Address) {
	for at, when := range s.freed {
		if time.Since(when) > releasePatience {
			delete(s.freed, at)
		}
	}
	s.freed[at] = time.Now()
	close(s.closed)
	s.closed = make(chan struct{})
}

// freedLately reports whether the keeper may still have a socket that shuts out an
// address.
func (s *sockets) freedLately(at spec.Address) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, when := range s.freed {
		if other.Meets(at) && time.Since(when) <= releasePatience {
			return true
		}
	}
	return false
}

// listen opens a listening socket, in the place of one that was closed just now: a child
// before its exec may have that still, or the keeper.
func (s *sockets) listen(at spec.Address) (fd int, err error) {
	fd, err = listen(at)
	if !errors.Is(err, unix.EADDRINUSE) {
		return fd, err
	}
	awaitExecs()
	step := time.NewTicker(releaseStep)
	defer step.Stop()
	for {
		lately := s.freedLately(at)
		if fd, err = listen(at); !lately || !errors.Is(err, unix.EADDRINUSE) {
			return fd, err
		}
		<-step.C
	}
}
