// Package ready lets a program tell the process manager that started it how it
// is doing: that it serves, what it is at, that it is about to end. It also takes the
// sockets that the manager has opened for the program (Listeners).
//
// Two protocols are spoken, each when its variable is in the environment:
//
//   - NODE_CHANNEL_FD, the IPC channel that Node's child_process.fork, PM2 and
//     hubd give a child. Notify sends what process.send("ready") sends.
//   - NOTIFY_SOCKET, the datagram socket of systemd's sd_notify(3), which hubd
//     speaks too.
//
// Without the variables every function does nothing and returns nil, so a
// program can call them wherever it runs. A call gives up after five seconds
// when nobody reads on the other side.
package ready

import (
	"errors"
	"strings"
	"time"
)

// patience bounds one call: the other side is on the same machine and takes a
// few bytes at once unless it is stuck.
const patience = 5 * time.Second

// Notify says that the program is ready: it listens, and what it needs is
// there. It uses every protocol that the environment names and returns an
// error that tells of each one that failed; a program does well to log it and
// go on serving.
//
// As Node does, the first call takes NODE_CHANNEL_FD and
// NODE_CHANNEL_SERIALIZATION_MODE out of the environment and marks the channel
// close-on-exec, whether or not the message could be sent: a child that
// inherited the variable without the descriptor would write its messages into
// whatever has that number. So call Notify before starting children of your
// own. The channel itself stays open, since closing it would tell the manager
// that the program disconnected; a second call says nothing on it. NOTIFY_SOCKET
// is left in place for Status and Stopping.
func Notify() error {
	return errors.Join(sayOnChannel(), tellSocket("READY=1"))
}

// Status tells in one line what the program is at, for people to read, over
// NOTIFY_SOCKET. The Node channel has no such message. Line breaks become
// spaces, because a line break starts the next assignment of sd_notify(3).
func Status(text string) error {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return tellSocket("STATUS=" + strings.NewReplacer("\n", " ", "\r", " ", "\x00", " ").Replace(text))
}

// Stopping says over NOTIFY_SOCKET that the program has begun to shut down on
// purpose. The Node channel has no such message.
func Stopping() error {
	return tellSocket("STOPPING=1")
}
