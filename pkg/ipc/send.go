package ipc

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/leadmaster/hub/pkg/epoll"
	"golang.org/x/sys/unix"
)

// What a child that does not read can make us hold, in bytes: messages, and
// acknowledgements on top, because without its acknowledgement Node keeps every
// later message to itself.
const (
	maxQueue    = 1 << 20
	maxQueueAck = maxQueue + 4<<10
)

// ErrQueueFull is returned by Send when the child doesn't read: the message is
// dropped, what was accepted before will still be sent.
var ErrQueueFull = errors.New("ipc: the app does not read its messages")

// Send writes v as one JSON line or queues it, at most 1 MiB in all; it never
// blocks. An accepted message may still be lost if the child ends.
//
// Only send to apps that asked: Node keeps messages for which there is no
// listener in its memory.
func (c *Channel) Send(v any) error {
	// A raw newline or an empty line would end a Node app. json.Marshal yields
	// neither, also from a json.RawMessage, which it compacts.
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("ipc: encode message: %w", err)
	}
	return c.enqueue(append(line, '\n'), maxQueue)
}

// Disconnect ends the channel for both sides once what was accepted by Send is
// written: Node emits 'disconnect'. Handlers.Close follows. Unlike Close it
// also reaches copies of our end that others hold (shutdown(2)).
func (c *Channel) Disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fd < 0 || c.ending {
		return
	}
	c.ending = true
	if len(c.out) == 0 {
		c.shutdown()
	}
}

// shutdown can only fail when the other end is gone already, which the reader
// finds out. The caller holds mu.
func (c *Channel) shutdown() { _ = unix.Shutdown(c.fd, unix.SHUT_RDWR) }

// acknowledge lets Node send on after a descriptor. If even this finds no room
// the child has left thousands of them unread, and only it is concerned.
func (c *Channel) acknowledge() { _ = c.enqueue([]byte(handleAck), maxQueueAck) }

// enqueue accepts line whole or not at all and takes ownership of it.
func (c *Channel) enqueue(line []byte, limit int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fd < 0 || c.ending {
		return ErrClosed
	}
	if len(c.out)+len(line) > limit {
		return fmt.Errorf("%w: %d bytes do not fit behind %d waiting ones (limit %d)",
			ErrQueueFull, len(line), len(c.out), limit)
	}
	if len(c.out) > 0 {
		c.out = append(c.out, line...)
		return nil
	}
	c.out = line
	if err := c.writeOut(); err != nil {
		return err
	}
	if len(c.out) == 0 {
		return nil
	}
	if err := c.watch.Modify(epoll.In | epoll.Out); err != nil {
		return fmt.Errorf("ipc: send: %w", err)
	}
	return nil
}

// flush goes on with what an earlier write could not take.
func (c *Channel) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fd < 0 {
		return
	}
	_ = c.writeOut() // the other end is gone: the reader finds out and says so
	if len(c.out) > 0 {
		return
	}
	_ = c.watch.Modify(epoll.In) // fails only when the loop is closed
	if c.ending {
		c.shutdown()
	}
}

// writeOut writes what the socket takes now. On an error the rest is dropped.
// The caller holds mu.
func (c *Channel) writeOut() error {
	n, err := c.write(c.out)
	c.out = c.out[n:]
	if len(c.out) == 0 {
		c.out = nil
	}
	if err == nil || errors.Is(err, unix.EAGAIN) {
		return nil
	}
	c.out = nil
	if errors.Is(err, unix.EPIPE) {
		return ErrClosed
	}
	return fmt.Errorf("ipc: send: %w", err)
}
