package databasetest

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// Proxy is a port that leads to a server while it is up. It begins down: nobody listens.
type Proxy struct {
	// Config is that of the server, by the proxy's port.
	Config  database.Config
	address string
	behind  string

	mu       sync.Mutex
	listener net.Listener // nil: down
	open     []net.Conn
}

// NewProxy returns a proxy for cfg's server. It is down when the test ends.
func NewProxy(t *testing.T, cfg database.Config) *Proxy {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Config: cfg, address: address, behind: net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))}
	_, port, _ := net.SplitHostPort(address)
	if p.Config.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Down)
	return p
}

// Up makes the server reachable.
func (p *Proxy) Up(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.listener = l
	p.mu.Unlock()
	go p.accept(l)
}

// Down cuts all connections and refuses new ones.
func (p *Proxy) Down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	for _, c := range p.open {
		c.Close()
	}
	p.open = nil
}

func (p *Proxy) accept(l net.Listener) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.behind)
		if err != nil || !p.keep(l, near, far) {
			near.Close()
			continue
		}
		go pass(near, far)
		go pass(far, near)
	}
}

// keep reports false once the proxy is down.
func (p *Proxy) keep(l net.Listener, near, far net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != l {
		far.Close()
		return false
	}
	p.open = append(p.open, near, far)
	return true
}

func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}
