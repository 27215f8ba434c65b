package spec

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Signal is a signal by its canonical name, such as "SIGTERM" (signal(7)).
type Signal string

// ParseSignal accepts SIGTERM, TERM, sigterm and 15.
func ParseSignal(text string) (Signal, error) {
	name := strings.ToUpper(strings.TrimSpace(text))
	if n, err := strconv.Atoi(name); err == nil {
		if s := unix.SignalName(unix.Signal(n)); s != "" {
			return Signal(s), nil
		}
	} else {
		if !strings.HasPrefix(name, "SIG") {
			name = "SIG" + name
		}
		if unix.SignalNum(name) != 0 {
			return Signal(name), nil
		}
	}
	return "", fmt.Errorf("%q is not a signal; use a name such as SIGTERM or SIGINT", text)
}

// Number returns the signal's number on this system, or 0 for an invalid name.
func (s Signal) Number() unix.Signal { return unix.SignalNum(string(s)) }

// UnmarshalJSON reads a name or a number.
func (s *Signal) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		text = string(b)
	}
	v, err := ParseSignal(text)
	if err != nil {
		return err
	}
	*s = v
	return nil
}
