package ready

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Variables of socket activation (sd_listen_fds(3)).
const (
	listenPIDVar   = "LISTEN_PID"
	listenFDsVar   = "LISTEN_FDS"
	listenNamesVar = "LISTEN_FDNAMES"
)

const (
	// firstListener is SD_LISTEN_FDS_START.
	firstListener = 3
	// noName is what sd_listen_fds_with_names(3) calls a socket that has no name.
	noName = "unknown"
)

// Listener is a socket that the manager has opened for the program.
type Listener struct {
	net.Listener // a *net.TCPListener or a *net.UnixListener
	// Name is the one of LISTEN_FDNAMES, "unknown" for a socket without.
	Name string
}

// Listeners returns the sockets that the manager has opened for this program, in
// its order: the key listen of an ecosystem file, or the socket units of systemd
// (LISTEN_FDS, sd_listen_fds(3)). There are none, and no error, where the variables
// are missing or were meant for another process.
//
// The manager keeps the sockets open. A program that ends in order closes its
// listeners first and answers what it has accepted; connections that come
// meanwhile wait for the next process.
//
// The first call takes the variables out of the environment, whether or not it
// succeeds, so that children of the program do not take the sockets for theirs, and
// a second call returns none. The error is of a variable that makes no sense or of a
// descriptor that is no listening stream socket; then nothing is returned and the
// descriptors are left open. Call it before anything else may open descriptors.
func Listeners() ([]Listener, error) {
	pid, number, names := os.Getenv(listenPIDVar), os.Getenv(listenFDsVar), os.Getenv(listenNamesVar)
	if err := errors.Join(os.Unsetenv(listenPIDVar), os.Unsetenv(listenFDsVar), os.Unsetenv(listenNamesVar)); err != nil {
		return nil, err
	}
	if number == "" || pid != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	count, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: want the number of sockets", listenFDsVar, number)
	}
	// All of them at once: they are not for children, whatever comes of them here.
	for fd := firstListener; fd < firstListener+int(count); fd++ {
		unix.CloseOnExec(fd)
	}
	var list []Listener
	for n, name := range listenerNames(names, int(count)) {
		l, err := listenerOf(firstListener + n)
		if err != nil {
			for _, l := range list {
				l.Close()
			}
			return nil, fmt.Errorf("%s=%s: descriptor %d: %w", listenFDsVar, number, firstListener+n, err)
		}
		list = append(list, Listener{l, name})
	}
	for fd := firstListener; fd < firstListener+int(count); fd++ {
		_ = unix.Close(fd) // the listeners have duplicates
	}
	return list, nil
}

// listenerNames returns count names; where some are missing all are unknown.
func listenerNames(text string, count int) []string {
	names := strings.Split(text, ":")
	if text == "" || len(names) != count {
		names = make([]string, count)
	}
	for n := range names {
		if names[n] == "" {
			names[n] = noName
		}
	}
	return names
}

// listenerOf makes a listener of a duplicate of the descriptor.
func listenerOf(fd int) (net.Listener, error) {
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return nil, os.NewSyscallError("getsockopt", err)
	}
	if listens == 0 {
		return nil, errors.New("the socket does not listen")
	}
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(own), "listener")
	defer file.Close()
	return net.FileListener(file)
}
