package status

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// hidden stands for a host that is an IP address: the network's plan is not for everybody.
const hidden = "ip-address"

// publicHost returns host unless it is an address.
func publicHost(host string) string {
	if isAddress(host) {
		return hidden
	}
	return host
}

// publicURL returns raw without user, query and fragment, in which secrets may be, and
// without an address.
func publicURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return ""
	}
	public := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if isAddress(u.Hostname()) {
		public.Host = hidden
		if port := u.Port(); port != "" {
			public.Host = net.JoinHostPort(hidden, port)
		}
	}
	return public.String()
}

// isAddress tells an IP address from a name, whose last part is never a number. What
// resolvers take for one, such as 127.1 or 0x7f000001, counts too.
func isAddress(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || strings.Contains(host, ":") {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if digits, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
