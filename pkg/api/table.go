package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/varlink/go/varlink"
	"golang.org/x/sys/unix"
)

// tableBuffer holds the answer for some hundred processes.
const tableBuffer = 32 << 10

// table asks for the process table over a plain socket. It is Call's exchange;
// but hubctl list is typed all day, and the poller of package net, goroutines
// that wait for the context and three readings of the JSON are half of its time.
func (c *Client) table(ctx context.Context, in ListCall, each func(*ListReply)) error {
	request := []byte(`{"method":"` + Interface + `.List","parameters":{"host":true},"more":true}`)
	if len(in.Targets) > 0 || !in.Host {
		var err error
		if request, err = json.Marshal(map[string]any{"method": Interface + ".List", "parameters": in, "more": true}); err != nil {
			return fmt.Errorf("call List: %w", err)
		}
	}
	socket, err := present(ctx, c, func() (*socket, error) { return openSocket(ctx, c.Home) })
	if err != nil {
		return err
	}
	defer socket.close()
	if err = socket.exchange(append(request, 0), each); err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return fmt.Errorf("call List: %w", err)
}

// socket is a blocking connection to a daemon.
type socket struct {
	fd    int
	stop  func() bool
	ended chan struct{} // closed when the context has ended the connection
}

// openSocket connects; ctx ends the connection. The path goes through the
// folder's descriptor, as in dialHome.
func openSocket(ctx context.Context, home string) (*socket, error) {
	dir, err := unix.Open(home, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, notConnected(fmt.Errorf("open %s: %w", home, err))
	}
	defer unix.Close(dir)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, notConnected(err)
	}
	if err := connectSocket(ctx, fd, "/proc/self/fd/"+strconv.Itoa(dir)+"/hubd.sock"); err != nil {
		unix.Close(fd)
		return nil, err
	}
	s := &socket{fd: fd, ended: make(chan struct{})}
	s.stop = context.AfterFunc(ctx, func() {
		defer close(s.ended)
		_ = unix.Shutdown(fd, unix.SHUT_RDWR) // wakes who waits in a system call
	})
	return s, nil
}

// connectInterval is how long one try to connect waits before it looks whether
// the caller still wants it: nothing else wakes connect(2).
const connectInterval = 100 * time.Millisecond

// connectSocket waits for a daemon that has no room for a connection, until ctx
// is done.
func connectSocket(ctx context.Context, fd int, path string) error {
	limit := unix.NsecToTimeval(connectInterval.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit); err != nil {
		return notConnected(err)
	}
	for {
		switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err {
		case nil:
			return nil
		case unix.EINTR: // of a signal of the runtime's own, such as those of its scheduler
		case unix.EAGAIN:
			if ctx.Err() != nil {
				return ctx.Err()
			}
		default:
			return notConnected(err)
		}
	}
}

func (s *socket) close() {
	if !s.stop() {
		<-s.ended // the number must not be another file's when it is shut down
	}
	unix.Close(s.fd)
}

// exchange sends a request and reads its replies.
func (s *socket) exchange(request []byte, each func(*ListReply)) error {
	for len(request) > 0 {
		n, err := restarted(func() (int, error) { return unix.Write(s.fd, request) })
		if err != nil {
			return unanswered(err)
		}
		request = request[n:]
	}
	var reader rowReader
	buf, filled, seen := make([]byte, tableBuffer), 0, 0
	for first := true; ; {
		end := bytes.IndexByte(buf[seen:filled], 0)
		if end < 0 {
			seen = filled
			if filled == len(buf) {
				buf = append(buf, make([]byte, len(buf))...)
			}
			n, err := restarted(func() (int, error) { return unix.Read(s.fd, buf[filled:]) })
			if err == nil && n == 0 {
				err = io.ErrUnexpectedEOF
			}
			if err != nil && first {
				err = unanswered(err)
			}
			if err != nil {
				return err
			}
			filled += n
			continue
		}
		end += seen
		continues, err := listReply(&reader, buf[:end], each)
		if err != nil || !continues {
			return err
		}
		filled = copy(buf, buf[end+1:filled])
		seen, first = 0, false
	}
}

// restarted calls f until no signal interrupts it.
func restarted(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// listReply reads one message.
func listReply(reader *rowReader, message []byte, each func(*ListReply)) (continues bool, err error) {
	var reply ListReply
	if continues, ok := reader.reply(message, &reply); ok {
		each(&reply)
		return continues, nil
	}
	var other struct {
		Parameters *json.RawMessage `json:"parameters"`
		Continues  bool             `json:"continues"`
		Error      string           `json:"error"`
	}
	if err := json.Unmarshal(message, &other); err != nil {
		return false, err
	}
	if other.Error != "" {
		return false, fromVarlink((&varlink.Error{Name: other.Error, Parameters: other.Parameters}).DispatchError())
	}
	reply = ListReply{}
	if other.Parameters != nil {
		if err := json.Unmarshal(*other.Parameters, &reply); err != nil {
			return false, err
		}
	}
	each(&reply)
	return other.Continues, nil
}
