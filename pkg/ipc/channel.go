package ipc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

// Handlers are what the owner of a Channel wants to hear. They run on the
// loop's goroutine and must not block; each may be nil.
type Handlers struct {
	// Message is called for each message that is not internal to Node. The
	// bytes are valid JSON and belong to the channel: what is kept must be
	// copied.
	Message func(msg json.RawMessage)
	// Fault is called once in a channel's life, for the first frame that was
	// dropped because it was not JSON or too long. The channel goes on: closing
	// it would end a Node app at its next process.send.
	Fault func(err error)
	// Close is called once, when the other end is gone (nil) or the socket has
	// failed, and not after Close. It says "no more messages", not "dead".
	Close func(err error)
}

// Channel is our end of a child's Node IPC channel: one JSON value a line, in
// both directions, serialization mode "json".
type Channel struct {
	wire
	on Handlers

	frames frames // the loop's goroutine only
	faulty bool   // the loop's goroutine only

	out    []byte // accepted and not yet written; guarded by wire.mu
	ending bool   // no more Send, shut down when out is empty; guarded by wire.mu
}

// NewChannel reads messages from fd, our end of a Pair, until the other end is
// closed or Close is called. The channel owns fd from then on; when NewChannel
// fails fd stays the caller's.
func NewChannel(loop *epoll.Loop, fd int, on Handlers) (*Channel, error) {
	return ResumeChannel(loop, fd, on, Unfinished{})
}

// Unfinished is what a Channel has of messages that are under way: bytes that were
// read and have no end yet, and bytes that were accepted and are not written.
type Unfinished struct{ Read, Unsent []byte }

// ResumeChannel is NewChannel for a channel that another one, perhaps in another
// program, has served until then. If that was killed, so that nobody knows what it
// had read, a first frame that is not JSON may be the rest of one.
func ResumeChannel(loop *epoll.Loop, fd int, on Handlers, u Unfinished) (*Channel, error) {
	c := &Channel{on: on.complete(), out: u.Unsent, frames: frames{buf: u.Read}}
	if err := c.open(loop, fd, c.serve); err != nil {
		return nil, fmt.Errorf("ipc: channel: %w", err)
	}
	if len(u.Unsent) > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.watch.Modify(epoll.In | epoll.Out); err != nil {
			return nil, fmt.Errorf("ipc: channel: %w", err)
		}
	}
	return c, nil
}

// Unfinished returns what a channel has under way, for ResumeChannel. Call it when
// the loop stands still; the channel must do nothing any more.
func (c *Channel) Unfinished() Unfinished {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Unfinished{Read: c.frames.buf[c.frames.start:], Unsent: c.out}
}

func (h Handlers) complete() Handlers {
	if h.Message == nil {
		h.Message = func(json.RawMessage) {}
	}
	if h.Fault == nil {
		h.Fault = func(error) {}
	}
	if h.Close == nil {
		h.Close = func(error) {}
	}
	return h
}

// Close closes our end and drops what is not yet written. It may be called
// twice. Called on the loop's goroutine no handler runs after it; from
// elsewhere one may be under way.
//
// A child that holds a copy of our end notices nothing; to let it know, use
// Disconnect.
func (c *Channel) Close() { c.close() }

// drainReads bounds Drain against a child whose own children go on writing.
const drainReads = 16

// Drain reads what has arrived and was not yet read. Call it on the loop's
// goroutine only: when the child has ended, so that its last messages are heard
// before its end is.
func (c *Channel) Drain() {
	for range drainReads {
		if c.pending() == 0 {
			return
		}
		c.receive()
	}
}

func (c *Channel) serve(events uint32) {
	if events&epoll.Out != 0 {
		c.flush()
	}
	if events&^epoll.Out != 0 {
		c.receive()
	}
}

// receive does one read, so that a flood from one child leaves the loop to the
// others. The watch is level-triggered: what is left brings the next call.
func (c *Channel) receive() {
	n, err := c.read(c.frames.room(c.pending()))
	c.frames.add(n)
	for frame, ok := c.frames.next(); ok && !c.isClosed(); frame, ok = c.frames.next() {
		c.dispatch(frame)
	}
	if head := c.frames.rest(); head != nil {
		c.dropOverlong(head)
	}
	switch {
	case n > 0 || errors.Is(err, unix.EAGAIN) || errors.Is(err, ErrClosed):
		return
	case errors.Is(err, unix.ECONNRESET): // the child ended before it read all we sent
		err = nil
	}
	if c.close() {
		c.on.Close(err)
	}
}

func (c *Channel) dispatch(frame []byte) {
	kind, msg := classify(frame)
	switch kind {
	case malformed:
		c.fault(fmt.Errorf("ipc: dropped a message that is not JSON: %.60q", frame))
	case handle:
		c.acknowledge()
		if msg != nil {
			c.on.Message(msg)
		}
	case user:
		c.on.Message(msg)
	}
}

func (c *Channel) dropOverlong(head []byte) {
	if bytes.HasPrefix(head, []byte(handleHead)) {
		c.acknowledge()
	}
	c.fault(fmt.Errorf("ipc: dropped a message longer than %d MiB: %.60q…", maxFrame>>20, head))
}

func (c *Channel) fault(err error) {
	if !c.faulty {
		c.faulty = true
		c.on.Fault(err)
	}
}
