package database_test

import (
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// newProxy returns the configuration of a port that leads to cfg's server as soon as
// open is called. Before, nobody listens there.
func newProxy(t *testing.T, cfg database.Config) (proxy database.Config, open func()) {
	t.Helper()
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := reserved.Addr().String()
	reserved.Close()
	behind := net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	proxy = cfg
	proxy.Port = reserved.Addr().(*net.TCPAddr).Port
	return proxy, func() {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go accept(l, behind)
	}
}

func accept(l net.Listener, behind string) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", behind)
		if err != nil {
			near.Close()
			continue
		}
		go pass(near, far)
		go pass(far, near)
	}
}

func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	to.Close()
	from.Close()
}
