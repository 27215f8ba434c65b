package keeper

import (
	"encoding/binary"
	"io"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Pair makes the socket between a keeper and a daemon (AF_UNIX, SOCK_SEQPACKET:
// a message is one datagram, and the end of one side is the end of file of the
// other). Both ends are close-on-exec.
func Pair() (keeper, daemon int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, err
	}
	return fds[0], fds[1], nil
}

// Send sends one encoded message with descriptors, whole or not at all, and
// never blocks. Errors are those of sendmsg(2): unix.EAGAIN while the other side
// does not read, unix.ETOOMANYREFS while too many descriptors of this user are
// on their way.
func Send(socket int, message []byte, fds ...int) error {
	if len(message) > MaxMessage || len(fds) > MaxFiles {
		return unix.EMSGSIZE
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	for {
		_, err := unix.SendmsgN(socket, message, rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if err != unix.EINTR {
			return err
		}
	}
}

// Receiver reads messages from a socket. All that one needs it uses again for
// the next, so that a message costs no garbage.
type Receiver struct {
	buf     []byte
	rights  []byte
	header  unix.Msghdr
	iov     unix.Iovec
	message Message
	fds     []int
}

// Receive returns the next message and the descriptors that came with it, which
// are close-on-exec and the caller's; Key, Names and the slice of descriptors are
// valid until it is called again. It never blocks: unix.EAGAIN when nothing
// is there, io.EOF when the other side is gone and all is read. With
// ErrMalformed one datagram was thrown away, and the next may be read. Fewer
// descriptors than names came if this process has no room for more.
func (r *Receiver) Receive(socket int) (Message, []int, error) {
	if r.buf == nil {
		r.buf = make([]byte, MaxMessage)
		r.rights = make([]byte, unix.CmsgSpace(MaxFiles*4))
	}
	for {
		n, oobn, flags, err := r.recvmsg(socket)
		switch {
		case err == unix.EINTR, err == unix.ECONNRESET:
			// The second says that the other side died with something unread; what
			// it sent before is still there.
			continue
		case err != nil:
			return Message{}, nil, err
		case n == 0 && oobn == 0:
			return Message{}, nil, io.EOF // there are no empty messages
		}
		r.fds = appendRights(r.fds[:0], r.rights[:oobn])
		if err = ErrMalformed; flags&unix.MSG_TRUNC == 0 {
			err = r.message.Parse(r.buf[:n])
		}
		if err != nil {
			CloseAll(r.fds)
			return Message{}, nil, err
		}
		return r.message, r.fds, nil
	}
}

func (r *Receiver) recvmsg(socket int) (n, oobn, flags int, err error) {
	r.iov.Base = &r.buf[0]
	r.iov.SetLen(len(r.buf))
	r.header = unix.Msghdr{Iov: &r.iov, Control: &r.rights[0]}
	r.header.SetIovlen(1)
	r.header.SetControllen(len(r.rights))
	got, _, errno := unix.Syscall(unix.SYS_RECVMSG, uintptr(socket), uintptr(unsafe.Pointer(&r.header)),
		unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	if errno != 0 {
		return 0, 0, 0, errno
	}
	return int(got), int(r.header.Controllen), int(r.header.Flags), nil
}

// appendRights appends the descriptors that came with a message (SCM_RIGHTS,
// unix(7)).
func appendRights(fds []int, control []byte) []int {
	for len(control) >= unix.SizeofCmsghdr {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		if header.Level == unix.SOL_SOCKET && header.Type == unix.SCM_RIGHTS {
			for ; len(data) >= 4; data = data[4:] { // each a C int
				fds = append(fds, int(int32(binary.NativeEndian.Uint32(data))))
			}
		}
		control = rest
	}
	return fds
}

// CloseAll closes descriptors; -1 is none.
func CloseAll(fds []int) {
	for _, fd := range fds {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}
