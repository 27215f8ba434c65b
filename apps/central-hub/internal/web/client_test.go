package web

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClient(t *testing.T) {
	t.Parallel()
	loopback := []string{"127.0.0.0/8", "::1/128"}
	inside := []string{"127.0.0.0/8", "10.0.0.0/8", "2001:db8:ffff::/48"}
	tests := map[string]struct {
		trusted []string
		peer    string
		header  []string
		want    string
	}{
		"alone":                    {loopback, "192.0.2.1:5", nil, "192.0.2.1"},
		"alone, IPv6":              {loopback, "[2001:db8::1]:5", nil, "2001:db8::1"},
		"alone, mapped":            {loopback, "[::ffff:192.0.2.1]:5", nil, "192.0.2.1"},
		"link local":               {loopback, "[fe80::1%eth0]:5", nil, "fe80::1"},
		"stranger's header":        {loopback, "192.0.2.1:5", []string{"198.51.100.1"}, "192.0.2.1"},
		"stranger claims loopback": {loopback, "192.0.2.1:5", []string{"127.0.0.1"}, "192.0.2.1"},
		"proxy":                    {loopback, "127.0.0.1:5", []string{"198.51.100.1"}, "198.51.100.1"},
		"proxy, IPv6":              {loopback, "[::1]:5", []string{"2001:db8::1"}, "2001:db8::1"},
		"mapped proxy":             {loopback, "[::ffff:127.0.0.1]:5", []string{"198.51.100.1"}, "198.51.100.1"},
		"mapped client":            {loopback, "127.0.0.1:5", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"proxy without":            {loopback, "127.0.0.1:5", nil, "127.0.0.1"},
		"proxy, empty":             {loopback, "127.0.0.1:5", []string{""}, "127.0.0.1"},
		"spoofed":                  {loopback, "127.0.0.1:5", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		"spoofed loopback":         {loopback, "127.0.0.1:5", []string{"127.0.0.1, 198.51.100.1"}, "198.51.100.1"},
		"spoofed header":           {loopback, "127.0.0.1:5", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		"two proxies":              {inside, "127.0.0.1:5", []string{"203.0.113.9,198.51.100.1 ,10.1.2.3"}, "198.51.100.1"},
		"two proxies, two headers": {inside, "127.0.0.1:5", []string{"198.51.100.1", "2001:db8:ffff::1"}, "198.51.100.1"},
		"proxies alone":            {inside, "127.0.0.1:5", []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1"},
		"garbage":                  {loopback, "127.0.0.1:5", []string{"unknown"}, "127.0.0.1"},
		"garbage before":           {loopback, "127.0.0.1:5", []string{"<script>, 198.51.100.1"}, "198.51.100.1"},
		"garbage between":          {inside, "127.0.0.1:5", []string{"198.51.100.1, ?, 10.0.0.2"}, "10.0.0.2"},
		"comma at the end":         {loopback, "127.0.0.1:5", []string{"198.51.100.1,"}, "127.0.0.1"},
		"second header empty":      {loopback, "127.0.0.1:5", []string{"198.51.100.1", ""}, "127.0.0.1"},
		"with port":                {loopback, "127.0.0.1:5", []string{"198.51.100.1:443"}, "198.51.100.1"},
		"with port, IPv6":          {loopback, "127.0.0.1:5", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		"Unix socket":              {loopback, "@", nil, ""},
		"Unix socket, no name":     {loopback, "", nil, ""},
		"Unix socket, proxy":       {loopback, "@", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		"Unix socket, garbage":     {loopback, "@", []string{"198.51.100.1, x"}, ""},
		"nobody trusted":           {nil, "127.0.0.1:5", []string{"198.51.100.1"}, "127.0.0.1"},
	}
	for name, test := range tests {
		var proxies Proxies
		for _, text := range test.trusted {
			proxies = append(proxies, netip.MustParsePrefix(text))
		}
		var want netip.Addr
		if test.want != "" {
			want = netip.MustParseAddr(test.want)
		}
		r := &http.Request{RemoteAddr: test.peer, Header: http.Header{"X-Forwarded-For": test.header}}
		if got := proxies.client(r); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func FuzzClient(f *testing.F) {
	f.Add("127.0.0.1:5", "198.51.100.1, 127.0.0.1")
	f.Add("@", ",,[::1]:5, ::ffff:1.2.3.4%x")
	proxies := Proxies{netip.MustParsePrefix("127.0.0.0/8")}
	f.Fuzz(func(t *testing.T, peer, header string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {header}}}
		if got := proxies.client(r); got.Is4In6() || got.Zone() != "" {
			t.Errorf("%s is not in its plain form", got)
		}
	})
}
