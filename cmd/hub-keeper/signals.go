package main

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// signals wakes the loop when a signal has come.
type signals struct {
	wake  int            // eventfd
	stops chan os.Signal // SIGTERM, SIGINT, SIGQUIT, SIGUSR2
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
	signal.Notify(stops, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR2)
	signal.Notify(children, syscall.SIGCHLD)
	go s.forward(stops, children)
	return s, nil
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
