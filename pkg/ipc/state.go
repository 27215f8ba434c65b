package ipc

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const maxStatus = 256 // bytes

// State is what one sd_notify datagram said (sd_notify(3)). The zero value of a
// field means that it was not mentioned.
type State struct {
	Ready     bool   // READY=1
	Reloading bool   // RELOADING=1: not ready until the next READY=1
	Stopping  bool   // STOPPING=1
	HasStatus bool   // STATUS= was there; an empty text clears
	Status    string // printable, at most 256 bytes

	// MainPID (MAINPID=) is a claim: whoever acts on it must check that the
	// process is alive and belongs to the instance.
	MainPID    int
	Errno      int // ERRNO=, as in errno(3)
	ExitStatus int // EXIT_STATUS=

	ExtendTimeout time.Duration // EXTEND_TIMEOUT_USEC=, from now on

	Watchdog         bool          // WATCHDOG=1: alive
	WatchdogTrigger  bool          // WATCHDOG=trigger: treat as failed now
	WatchdogInterval time.Duration // WATCHDOG_USEC=
}

// ParseState reads the KEY=value lines of a datagram. What it does not know or
// can't read it ignores, as sd_notify(3) asks. FDSTORE=1 is among that: the
// descriptors are refused by being closed; and so is BARRIER=1, where closing
// is the answer.
func ParseState(datagram []byte) State {
	var s State
	for line := range strings.SplitSeq(string(datagram), "\n") {
		key, value, ok := strings.Cut(line, "=")
		if ok {
			s.set(key, value)
		}
	}
	return s
}

func (s *State) set(key, value string) {
	switch key {
	case "READY":
		s.Ready = value == "1"
	case "RELOADING":
		s.Reloading = value == "1"
	case "STOPPING":
		s.Stopping = value == "1"
	case "STATUS":
		s.HasStatus, s.Status = true, printable(value)
	case "MAINPID":
		s.MainPID = number(value)
	case "ERRNO":
		s.Errno = number(value)
	case "EXIT_STATUS":
		s.ExitStatus = number(value)
	case "EXTEND_TIMEOUT_USEC":
		s.ExtendTimeout = microseconds(value)
	case "WATCHDOG":
		s.Watchdog = value == "1"
		s.WatchdogTrigger = value == "trigger"
	case "WATCHDOG_USEC":
		s.WatchdogInterval = microseconds(value)
	}
}

// number returns a non-negative number that fits a pid_t, otherwise 0.
func number(text string) int {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

// microseconds cuts off at the longest Duration; UINT64_MAX is systemd's way to
// write "for ever".
func microseconds(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(min(n, math.MaxInt64/1000)) * time.Microsecond
}

// printable makes text of an app safe for a terminal and short.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r // invalid UTF-8 arrives as U+FFFD, which is printable
	}, text)
	if len(text) <= maxStatus {
		return text
	}
	end := maxStatus - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
