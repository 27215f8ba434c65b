package daemon

import (
	"encoding/json"
	"net"
	"sync"
	"time"

	"github.com/leadmaster/hub/pkg/api"
)

const (
	// maxClients bounds how many connections there are at once.
	maxClients = 256
	// maxWaiting bounds the requests, in bytes, that are read and not yet
	// answered, of all clients together.
	maxWaiting = 64 << 20
)

// clients are the connections that are served.
type clients struct {
	mu      sync.Mutex // guards the fields below and those of each client
	all     map[*client]struct{}
	waiting int // bytes of requests that are being read or answered
}

// client is one connection.
type client struct {
	conn *net.UnixConn
	of   *clients
	idle time.Time // since when it has asked nothing; zero while it is being served
	held int       // bytes of its request
}

func newClients() *clients { return &clients{all: make(map[*client]struct{})} }

// add makes room for a connection: when there are too many, the one that has
// been idle for longest goes. It returns nil when all are at work.
func (cs *clients) add(conn *net.UnixConn) *client {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.all) >= maxClients && !cs.evict() {
		return nil
	}
	c := &client{conn: conn, of: cs, idle: time.Now()}
	cs.all[c] = struct{}{}
	return c
}

// evict closes the connection that has been idle for longest, with cs.mu held.
func (cs *clients) evict() bool {
	var oldest *client
	for c := range cs.all {
		if !c.idle.IsZero() && (oldest == nil || c.idle.Before(oldest.idle)) {
			oldest = c
		}
	}
	if oldest == nil {
		return false
	}
	delete(cs.all, oldest)
	_ = oldest.conn.Close() // its goroutine finds out
	return true
}

func (cs *clients) remove(c *client) {
	c.hold(-c.held)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.all, c)
}

// busy and rest say that a request has begun, and that it is answered.
func (c *client) busy() { c.since(time.Time{}) }

func (c *client) rest() {
	c.hold(-c.held)
	c.since(time.Now())
}

func (c *client) since(t time.Time) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.idle = t
}

// hold counts bytes of the request and reports whether there is room for them.
func (c *client) hold(bytes int) bool {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if bytes > 0 && c.of.waiting+bytes > maxWaiting {
		return false
	}
	c.held += bytes
	c.of.waiting += bytes
	return true
}

// refuseClient tells a client that there is no place for it.
func refuseClient(conn *net.UnixConn) {
	defer conn.Close()
	reply, err := json.Marshal(map[string]any{
		"error":      api.CodeRefused,
		"parameters": api.Error{Message: "the daemon serves too many clients at once", Hint: "end some of those that follow logs or events"},
	})
	if err != nil {
		return
	}
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write(append(reply, 0)) // it may be gone
}
