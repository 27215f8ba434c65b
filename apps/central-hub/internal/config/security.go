package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

func (v variables) secret() ([]byte, error) {
	secret := cmp.Or(v.get("SESSION_SECRET"), v.get("JWT_SECRET"))
	if secret == "" {
		return nil, errors.New("SESSION_SECRET is empty: want a long random text, which signs the users' tokens (openssl rand -hex 32)")
	}
	return []byte(secret), nil
}

func (v variables) sessionManager() (string, error) {
	const name = "SESSION_MANAGER_BASE_URL"
	text := v.get(name)
	if text == "" {
		return "", errors.New(name + " is empty: want the Session Manager's URL, such as http://localhost:3001")
	}
	u, err := url.Parse(text)
	// The text may hold a password.
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", errors.New(name + " is no URL of a server: want http:// or https://, a host and a port, such as http://localhost:3001")
	}
	return strings.TrimSuffix(text, "/"), nil
}

// trustedProxies are who runs on this machine, unless TRUSTED_PROXIES says otherwise.
func (v variables) trustedProxies() ([]netip.Prefix, error) {
	const name = "TRUSTED_PROXIES"
	var list []netip.Prefix
	for text := range strings.SplitSeq(cmp.Or(v.get(name), "127.0.0.0/8,::1"), ",") {
		prefix, err := prefixOf(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%s %q: want addresses or networks with commas between them, such as 127.0.0.1,10.0.0.0/8", name, text)
		}
		list = append(list, prefix)
	}
	return list, nil
}

func prefixOf(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return address.Prefix(address.BitLen())
}

// metricsAddress refuses what others could reach: the figures are for this machine.
func (v variables) metricsAddress() (string, error) {
	const name = "METRICS_ADDR"
	text := v.get(name)
	if text == "" {
		return "", nil
	}
	host, _, err := net.SplitHostPort(text)
	if err != nil {
		return "", fmt.Errorf("%s %q: want a loopback address and a port, such as 127.0.0.1:9464", name, text)
	}
	address, err := netip.ParseAddr(host)
	if err != nil || !address.IsLoopback() {
		return "", fmt.Errorf("%s %q: want a loopback address, such as 127.0.0.1:9464, since anybody who reaches it may read it", name, text)
	}
	return text, nil
}
