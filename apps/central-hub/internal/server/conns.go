package server

import (
	"net"
	"net/http"
	"sync"
)

// connections are the open connections of an http.Server.
type connections struct {
	mu sync.Mutex
	// open tells of each whether its first request is still to come.
	open map[net.Conn]bool
	// none is closed as soon as open is empty, once somebody has asked for it.
	none chan struct{}
}

// track is the server's ConnState hook. A hijacked connection is its new
// owner's.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if c.open == nil {
			c.open = make(map[net.Conn]bool)
		}
		c.open[conn] = true
	case http.StateActive:
		c.open[conn] = false
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
		c.announce()
	}
}

// gone returns a channel that is closed when no connection is open. It is
// called once, after the last connection was accepted.
func (c *connections) gone() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	none := make(chan struct{})
	c.none = none
	c.announce()
	return none
}

func (c *connections) announce() {
	if c.none != nil && len(c.open) == 0 {
		close(c.none)
		c.none = nil
	}
}

// closeSilent closes the connections whose first request has not arrived.
func (c *connections) closeSilent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn, silent := range c.open {
		if silent {
			conn.Close()
		}
	}
}
