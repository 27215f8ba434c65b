package main

import (
	"os"
	"os/signal"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// signals wakes the loop when a signal has come.
type signals struct {
	wake  int            // eventfd
	stops chan os.Signal // SIGTERM, SIGINT, SIGQUIT
}

func watchSignals() (*signals, error) {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	s := &signals{wake: wake, stops: make(chan os.Signal, 8)}
	// Caught, not ignored: an ignored signal would be inherited by hubd and its
	// apps.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGXFSZ)
	stops, children := make(chan os.Signal, 8), make(chan os.Signal, 1)
	signal.Notify(stops, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	signal.Notify(children, syscall.SIGCHLD)
	go s.forward(stops, children)
	// Where the keeper before us has put signals off, they come now. This thread
	// is the one whose mask hubd inherits.
	return s, putOff(false)
}

// putOff blocks or unblocks in this thread, and in a program that it executes,
// what would end a process that does not yet catch it.
func putOff(block bool) error {
	var set unix.Sigset_t
	const bits = 8 * unsafe.Sizeof(set.Val[0])
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP} {
		set.Val[uintptr(s-1)/bits] |= 1 << (uintptr(s-1) % bits)
	}
	how := unix.SIG_UNBLOCK
	if block {
		how = unix.SIG_BLOCK
	}
	return unix.PthreadSigmask(how, &set, nil)
}

func (s *signals) forward(stops, children <-chan os.Signal) {
	one := []byte{1, 1, 1, 1, 1, 1, 1, 1} // any number, in any byte order
	for {
		select {
		case sig := <-stops:
			select {
			case s.stops <- sig:
			default: // nobody needs a ninth
			}
		case <-children: // the loop looks at all children whenever it is woken
		}
		_, _ = unix.Write(s.wake, one)
	}
}

// quiet takes back the wake-up, before its cause is looked at.
func (s *signals) quiet() {
	var count [8]byte
	_, _ = unix.Read(s.wake, count[:])
}
