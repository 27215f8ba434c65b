// Package unit is what systemd tells a process of the unit that it runs in, and
// what the process tells systemd: sd_notify(3) over NOTIFY_SOCKET, the watchdog,
// and the file that names the next main process. Outside of a unit there is
// nothing to tell, and everything does nothing.
//
// It is linked into hub-keeper, which is to stay small.
package unit

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Variables of the environment, as systemd.exec(5) describes them. They are
// about whoever got them: what a unit's process starts for others must not have
// them.
const (
	SocketVar   = "NOTIFY_SOCKET"
	WatchdogVar = "WATCHDOG_USEC"
	PIDFileVar  = "PIDFILE"
)

// Unit is the unit as the environment tells it. The zero value is none.
type Unit struct {
	// Socket is where sd_notify(3) messages go: a path, or a name of the abstract
	// namespace with @ in front.
	Socket string
	// Watchdog is how long systemd waits for a sign of life; 0: it asks for none.
	Watchdog time.Duration
	// PIDFile is the file of PIDFile=, which names who is the main process when the
	// one that there was has died.
	PIDFile string
}

// FromEnvironment reads the variables of this process.
func FromEnvironment() Unit {
	u := Unit{Socket: os.Getenv(SocketVar), PIDFile: os.Getenv(PIDFileVar)}
	if usec, err := strconv.ParseInt(os.Getenv(WatchdogVar), 10, 64); err == nil && usec > 0 && u.Socket != "" {
		u.Watchdog = time.Duration(usec) * time.Microsecond
	}
	return u
}

// Environ returns the variables that make another process part of the unit.
func (u Unit) Environ() []string {
	vars := []string{SocketVar + "=" + u.Socket, PIDFileVar + "=" + u.PIDFile}
	if u.Watchdog > 0 {
		vars = append(vars, WatchdogVar+"="+strconv.FormatInt(u.Watchdog.Microseconds(), 10))
	}
	return vars
}

// Set puts variables, KEY=value, into this process's environment.
func Set(vars []string) {
	for _, entry := range vars {
		if name, value, ok := strings.Cut(entry, "="); ok {
			_ = os.Setenv(name, value) // it fails for what is no name
		}
	}
}

// Detached reports whether this process was part of a unit that has ended, or is about
// to start anew: it had a PIDFile=, and names nobody any more.
func Detached() bool {
	path, had := os.LookupEnv(PIDFileVar)
	return had && path == "" && os.Getenv(SocketVar) != ""
}

// Foreign returns the name of the first variable, KEY=value, that is not a unit's.
func Foreign(vars []string) (name string, ok bool) {
	for _, entry := range vars {
		name, _, _ = strings.Cut(entry, "=")
		if name != SocketVar && name != WatchdogVar && name != PIDFileVar {
			return name, true
		}
	}
	return "", false
}

// patience is how long a message waits for a systemd that is behind.
const patience = 5 * time.Second

// Tell sends assignments of sd_notify(3), each KEY=value, in one message. It
// waits for systemd where that is behind, for 5 s. In a unit without a socket, and outside
// of one, it does nothing.
func (u Unit) Tell(assignments ...string) error {
	if u.Socket == "" {
		return nil
	}
	fd, err := u.connect()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte(strings.Join(assignments, "\n")))
	return err
}

// MainPID is the assignment that makes a process the unit's main one.
func MainPID(pid int) string { return "MAINPID=" + strconv.Itoa(pid) }

// connect returns a socket whose writes go to systemd. A connected one is written to
// without allocating.
func (u Unit) connect() (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: u.Socket}); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
