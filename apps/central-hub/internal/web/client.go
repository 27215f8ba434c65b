package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"
)

// Proxies are the networks of the peers whose X-Forwarded-For is believed. Who connects
// through a Unix socket is on this machine and was let in by its file's mode: such a
// peer is always believed.
type Proxies []netip.Prefix

// Client returns the address of a request's client: of the hops, from the peer back
// through X-Forwarded-For, the first that is no trusted proxy. Whatever is left of it
// the client may have made up. The zero Addr is a client on a Unix socket that names none.
func (p Proxies) Client(c *gin.Context) netip.Addr { return p.client(c.Request) }

func (p Proxies) client(r *http.Request) netip.Addr {
	hop, ok := parseHop(r.RemoteAddr)
	if ok && !p.trust(hop) {
		return hop
	}
	// Several headers are one list.
	hops := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	for more := hops != ""; more; {
		var last string
		hops, last, more = cutLast(hops)
		before, ok := parseHop(strings.TrimSpace(last))
		if !ok {
			// The proxy that passed it on is all there is to go by.
			return hop
		}
		hop = before
		if !p.trust(hop) {
			return hop
		}
	}
	return hop
}

// cutLast cuts the last of a list's entries off.
func cutLast(list string) (before, last string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return "", list, false
	}
	return list[:i], list[i+1:], true
}

// parseHop reads an address, with a port or without. One of IPv4 mapped into IPv6 is the
// IPv4 address.
func parseHop(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), true
}

func (p Proxies) trust(address netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}
