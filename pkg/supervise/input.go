package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/leadmaster/hub/pkg/ipc"
	"github.com/leadmaster/hub/pkg/proc"
	"golang.org/x/sys/unix"
)

// Errors of Signal, SendLine and SendMessage.
var (
	ErrNotRunning = errors.New("it does not run")
	ErrNoInput    = errors.New("it has no input to write to (stdin: null)")
	ErrRedirected = errors.New("its standard input is not the pipe it was started with: the app reads from somewhere else")
	ErrUnread     = errors.New("it does not read its input, which is full")
	ErrNoChannel  = errors.New("it has no IPC channel (ipc: true gives it one)")
	ErrDeaf       = errors.New("it has closed its IPC channel")
)

// Signal sends a signal to the main process, and to nothing else of its tree.
// The cause goes into the history.
func (i *Instance) Signal(ctx context.Context, sig unix.Signal, cause string) error {
	return i.whileRunning(ctx, func(l *launch) error {
		err := l.process.Signal(sig)
		if errors.Is(err, proc.ErrGone) {
			return ErrNotRunning
		}
		if err != nil {
			return fmt.Errorf("process %d can't be signalled: %w", l.process.PID, err)
		}
		name := unix.SignalName(sig)
		if name == "" {
			name = strconv.Itoa(int(sig))
		}
		i.note(note{kind: "signal", reason: name + ": " + cause})
		return nil
	})
}

// SendLine writes a line, with a line break behind it, to the standard input,
// whole or not at all.
func (i *Instance) SendLine(ctx context.Context, line string) error {
	return i.whileRunning(ctx, func(l *launch) error {
		if l.spec.NullStdin {
			return ErrNoInput
		}
		fd, err := openInput(l.process.PID, l.pipes[0])
		if err != nil {
			return err
		}
		defer closeFD(fd)
		return writeWhole(fd, append([]byte(line), '\n'))
	})
}

// SendMessage sends a JSON value over the IPC channel. An app that ends at once
// may never read it.
func (i *Instance) SendMessage(ctx context.Context, message json.RawMessage) error {
	return i.whileRunning(ctx, func(l *launch) error {
		if l.channel == nil {
			return ErrNoChannel
		}
		err := l.channel.Send(message)
		if errors.Is(err, ipc.ErrClosed) {
			return ErrDeaf
		}
		return err
	})
}

// whileRunning does something with the current launch on the instance's
// goroutine: its main process is not reaped meanwhile.
func (i *Instance) whileRunning(ctx context.Context, f func(*launch) error) error {
	return answered(ctx, i.ask(func() error {
		l := i.launch
		if l == nil || l.process == nil {
			return ErrNotRunning
		}
		return f(l)
	}))
}

// openInput opens the pipe behind a process's standard input for writing, if it
// is the one with this inode number. What else the app may have put there is not
// opened: that alone can have effects.
func openInput(pid int, inode uint64) (int, error) {
	link, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/fd/0", unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return -1, ErrRedirected // closed
	}
	if err != nil {
		return -1, fmt.Errorf("standard input of process %d: %w", pid, err)
	}
	defer closeFD(link)
	var st unix.Stat_t
	if err := unix.Fstat(link, &st); err != nil {
		return -1, fmt.Errorf("standard input of process %d: %w", pid, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFIFO || st.Ino != inode {
		return -1, ErrRedirected
	}
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(link), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("standard input of process %d: %w", pid, err)
	}
	return fd, nil
}

// pipeBuf is how much a pipe takes in one piece or not at all (pipe(7)).
const pipeBuf = 4096

// writeWhole writes all of the text into a pipe or none of it, and never waits.
func writeWhole(fd int, text []byte) error {
	if len(text) > pipeBuf {
		if err := makeRoom(fd, len(text)); err != nil {
			return err
		}
	}
	n, err := unix.Write(fd, text)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return ErrUnread
	case err != nil:
		return fmt.Errorf("standard input: %w", err)
	case n < len(text):
		return fmt.Errorf("standard input took %d of %d bytes: %w", n, len(text), ErrUnread)
	}
	return nil
}

// makeRoom makes a pipe large enough for another n bytes. An unprivileged daemon
// may enlarge it up to 1 MiB (/proc/sys/fs/pipe-max-size).
func makeRoom(fd, n int) error {
	unread, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	size, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	// A pipe has places for whole pages. What is unread takes at most two for
	// each page of it, since two neighbours that fit into one are put into one.
	page := os.Getpagesize()
	places := 2*(unread/page+1) + n/page + 1
	if unread == 0 {
		places = n/page + 2
	}
	if places*page <= size {
		return nil
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, places*page); err != nil {
		return fmt.Errorf("%w: no room for %d bytes behind %d that are unread", ErrUnread, n, unread)
	}
	return nil
}
