package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/leadmaster/hub/pkg/api"
	"github.com/leadmaster/hub/pkg/epoll"
	"github.com/varlink/go/varlink"
	"golang.org/x/sys/unix"
)

const (
	// maxMessage bounds a request, in bytes: the specs of some thousands of apps.
	maxMessage = 16 << 20
	// messageTime is how long a client may take over one message that it has
	// begun, and over reading one reply: who reads nothing is cut off.
	messageTime = 30 * time.Second
)

// errTooLong ends a connection whose message has no end.
var errTooLong = errors.New("message is too long")

// errBusy ends a connection for whose request there is no room.
var errBusy = errors.New("too many bytes of requests at once")

// wire is the connection as varlink sees it: messages ended by a NUL, with
// limits of size and time that the library does not have.
type wire struct {
	*client
	reader *bufio.Reader
}

// message reads the next request, without its NUL.
func (w *wire) message() ([]byte, error) {
	if err := w.conn.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	w.rest()
	if _, err := w.reader.Peek(1); err != nil { // idle is fine
		return nil, err
	}
	w.busy()
	if err := w.conn.SetReadDeadline(time.Now().Add(messageTime)); err != nil {
		return nil, err
	}
	var whole []byte
	for {
		part, err := w.reader.ReadSlice(0)
		switch {
		case len(whole)+len(part) > maxMessage:
			return nil, errTooLong
		case !w.hold(len(part)):
			return nil, errBusy
		}
		whole = append(whole, part...)
		switch {
		case err == nil:
			return whole[:len(whole)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// Write, Read and ReadBytes are varlink.ReadWriterContext.
func (w *wire) Write(_ context.Context, b []byte) (int, error) {
	if err := w.conn.SetWriteDeadline(time.Now().Add(messageTime)); err != nil {
		return 0, err
	}
	return w.conn.Write(b)
}

func (w *wire) Read(_ context.Context, b []byte) (int, error) { return w.reader.Read(b) }

func (w *wire) ReadBytes(context.Context, byte) ([]byte, error) { return w.message() }

// peerKey finds the peer in a request's context.
type peerKey struct{}

// causeOf says who asked, for the history and the log.
func causeOf(ctx context.Context) string {
	peer, ok := ctx.Value(peerKey{}).(unix.Ucred)
	if !ok {
		return "hubd"
	}
	return fmt.Sprintf("user %s (uid %d, pid %d)", userName(int(peer.Uid)), peer.Uid, peer.Pid)
}

// serve answers one client's requests, one after another, until it hangs up.
func (d *Daemon) serve(c *client, peer unix.Ucred, service *varlink.Service) {
	conn := c.conn
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), peerKey{}, peer))
	defer cancel()
	// A client that has closed only its sending half still wants its answers.
	// One that is gone ends what streams to it: epoll reports EPOLLHUP, unasked,
	// when both halves are closed.
	unwatch, err := d.watchHangup(conn, cancel)
	if err != nil {
		d.log.Error("connection", "error", err)
		return
	}
	defer unwatch()
	w := &wire{client: c, reader: bufio.NewReader(conn)}
	for {
		request, err := w.message()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				d.log.Debug("connection", "pid", peer.Pid, "error", err)
			}
			return
		}
		if err := service.HandleMessage(ctx, w, request); err != nil {
			d.log.Debug("request", "pid", peer.Pid, "error", err)
			return
		}
	}
}

func (d *Daemon) watchHangup(conn *net.UnixConn, gone func()) (stop func(), err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var watch *epoll.Watch
	ctlErr := raw.Control(func(fd uintptr) {
		watch, err = d.exits.Add(int(fd), epoll.OneShot, func(uint32) { gone() })
	})
	if err = errors.Join(err, ctlErr); err != nil {
		return nil, err
	}
	return watch.Remove, nil
}

// service is the varlink service of all connections.
func (d *Daemon) service() *varlink.Service {
	s, err := varlink.NewService("LeadMaster", "hub", api.Version, "https://github.com/leadmaster/hub")
	if err == nil {
		err = s.RegisterInterface(methods{d})
	}
	if err != nil {
		panic(err) // a name twice: a defect of this program
	}
	return s
}
