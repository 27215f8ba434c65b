package spec

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Address is where a socket listens: a port of one IP address or of all, or a
// path of the file system.
type Address struct {
	// Path is that of a Unix socket; empty for TCP.
	Path string
	// IP is the zero value for every address, IPv4 and IPv6.
	IP   netip.Addr
	Port uint16
}

const (
	unixPrefix  = "unix:"
	wantAddress = "a port such as 3012, an address such as 127.0.0.1:3012 or [::1]:3012, or a path such as unix:/run/app.sock"
)

// ParseAddress reads "3012", "*:3012", ":3012", "127.0.0.1:3012", "[::1]:3012" or
// "unix:PATH", where the path is taken as it is. The error is the whole message.
func ParseAddress(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		if path == "" || !isText(path) {
			return Address{}, wrongAddress(text, "a path behind unix:, such as unix:/run/app.sock")
		}
		return Address{Path: path}, nil
	}
	host, port := "", text
	if at := strings.LastIndexByte(text, ':'); at >= 0 {
		host, port = text[:at], text[at+1:]
	}
	switch a, err := netip.ParseAddrPort(text); {
	case err == nil && a.Addr().Zone() != "":
		return Address{}, wrongAddress(text, "an address without a zone")
	case err == nil && a.Port() == 0, isZero(port) && (host == "" || host == "*"):
		return Address{}, wrongAddress(text, "a port from 1 to 65535: the app's clients have to know it")
	case err == nil:
		return Address{IP: a.Addr().Unmap(), Port: a.Port()}, nil
	case host == "" || host == "*":
		n, err := strconv.ParseUint(port, 10, 16)
		if err == nil {
			return Address{Port: uint16(n)}, nil
		}
		if isDigits(port) {
			return Address{}, wrongAddress(text, "a port from 1 to 65535")
		}
	case host == "localhost" && isDigits(port):
		return Address{}, wrongAddress(text, "an address and no name: 127.0.0.1:"+port+" or [::1]:"+port)
	case strings.Contains(host, ":") && !strings.HasPrefix(host, "["):
		return Address{}, wrongAddress(text, "an IPv6 address in brackets, such as [::1]:3012")
	case strings.HasPrefix(text, "/"):
		return Address{}, wrongAddress(text, unixPrefix+text+" for a Unix socket")
	}
	return Address{}, wrongAddress(text, wantAddress)
}

func wrongAddress(text, want string) error {
	return fmt.Errorf("found %s; want %s", quoted(text), want)
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
func isZero(text string) bool   { return text != "" && strings.Trim(text, "0") == "" }

// String returns the address as a Spec has it; ParseAddress reads it.
func (a Address) String() string {
	switch {
	case a.Path != "":
		return unixPrefix + a.Path
	case !a.IP.IsValid():
		return "*:" + strconv.Itoa(int(a.Port))
	}
	return netip.AddrPortFrom(a.IP, a.Port).String()
}

// Meets reports whether no two sockets can listen on the two addresses at once
// (EADDRINUSE, bind(2)).
func (a Address) Meets(b Address) bool {
	switch {
	case a.Path != "" || b.Path != "":
		return a.Path == b.Path
	case a.Port != b.Port:
		return false
	case !a.IP.IsValid() || !b.IP.IsValid() || a.IP == b.IP:
		return true
	}
	return a.IP.Is4() == b.IP.Is4() && (a.IP.IsUnspecified() || b.IP.IsUnspecified())
}

// maxListenName is FDNAME_MAX of systemd.
const maxListenName = 255

// checkListenName checks a name for LISTEN_FDNAMES, which has colons between
// names (sd_listen_fds_with_names(3)).
func checkListenName(name string) error {
	for _, c := range []byte(name) {
		if c < ' ' || c >= 0x7f || c == ':' {
			return fmt.Errorf("found the name %s; want ASCII without colons and control characters", quoted(name))
		}
	}
	switch {
	case name == "":
		return errors.New("found an empty name; want one such as http")
	case len(name) > maxListenName:
		return fmt.Errorf("found a name of %d characters; want at most %d", len(name), maxListenName)
	}
	return nil
}
