package unit

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Watchdog gives systemd its signs of life (WatchdogSec=, systemd.service(5)).
type Watchdog struct {
	unit  Unit
	fd    int // -1 until it is connected
	alive []byte
	next  time.Time
}

// NewWatchdog returns the watchdog of a unit, which may ask for none. With each sign
// of life this process says that it is the unit's main process: after a reload
// systemd goes by the PIDFile= again, which names the next one. Without that file it
// does not: a unit that is about to end would wait for the end of this process too.
func NewWatchdog(u Unit) *Watchdog {
	alive := "WATCHDOG=1"
	if u.PIDFile != "" {
		alive += "\n" + MainPID(os.Getpid())
	}
	return &Watchdog{unit: u, fd: -1, alive: []byte(alive)}
}

// Due returns when Feed is to be called next, and whether it is to be at all.
func (w *Watchdog) Due() (at time.Time, ok bool) { return w.next, w.unit.Watchdog > 0 }

// Feed gives a sign of life if one is due: at half of the time, as sd_notify(3)
// recommends. It never waits. Systemd starts anew what it has taken for hung, so an
// error has nobody to be told to.
func (w *Watchdog) Feed(now time.Time) {
	if w.unit.Watchdog <= 0 || now.Before(w.next) {
		return
	}
	w.next = now.Add(w.unit.Watchdog / 2)
	if w.fd < 0 {
		fd, err := w.unit.connect()
		if err != nil {
			return
		}
		w.fd = fd
	}
	if _, err := unix.SendmsgN(w.fd, w.alive, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL); err != nil {
		w.Close() // connect anew the next time
	}
}

// By has Feed give the next sign of life at that time, if none is due before.
func (w *Watchdog) By(at time.Time) {
	if at.Before(w.next) {
		w.next = at
	}
}

// Close lets go of the socket. Feed makes another one.
func (w *Watchdog) Close() {
	if w.fd >= 0 {
		_ = unix.Close(w.fd)
		w.fd = -1
	}
}
