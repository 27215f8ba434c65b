package ipc

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestParseState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		datagram string
		want     State
	}{
		{"", State{}},
		{"READY=1", State{Ready: true}},
		{"READY=1\n", State{Ready: true}},
		{"READY=0", State{}},
		{"ready=1", State{}},
		{"READY", State{}},
		{"X_VENDOR=1\nFDSTORE=1\nBARRIER=1\n=\n\n", State{}},
		{"STATUS=a=b\nREADY=1", State{Ready: true, HasStatus: true, Status: "a=b"}},
		{"STATUS=", State{HasStatus: true}},
		{"STATUS=\x1b[31mred\a\xff", State{HasStatus: true, Status: " [31mred \uFFFD"}},
		{"RELOADING=1\nMONOTONIC_USEC=5", State{Reloading: true}},
		{"STOPPING=1\nERRNO=2\nEXIT_STATUS=3", State{Stopping: true, Errno: 2, ExitStatus: 3}},
		{"MAINPID=4711", State{MainPID: 4711}},
		{"MAINPID=-1", State{}},
		{"MAINPID=99999999999", State{}},
		{"EXTEND_TIMEOUT_USEC=1500000", State{ExtendTimeout: 1500 * time.Millisecond}},
		{"EXTEND_TIMEOUT_USEC=18446744073709551615", State{ExtendTimeout: math.MaxInt64 / 1000 * time.Microsecond}},
		{"WATCHDOG=1", State{Watchdog: true}},
		{"WATCHDOG=trigger\nWATCHDOG_USEC=20", State{WatchdogTrigger: true, WatchdogInterval: 20 * time.Microsecond}},
	}
	for _, tt := range tests {
		if got := ParseState([]byte(tt.datagram)); got != tt.want {
			t.Errorf("ParseState(%q) = %+v, want %+v", tt.datagram, got, tt.want)
		}
	}
}

func TestLongStatusIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	for _, pad := range []string{"", "a", "aa", "aaa"} {
		got := ParseState([]byte("STATUS=" + pad + strings.Repeat("é", 500))).Status
		if len(got) > maxStatus || len(got) < maxStatus-4 || !strings.HasSuffix(got, "é…") {
			t.Errorf("status of %d bytes ends in %q", len(got), got[len(got)-6:])
		}
	}
	exact := strings.Repeat("a", maxStatus)
	if got := ParseState([]byte("STATUS=" + exact)).Status; got != exact {
		t.Errorf("a status of %d bytes became %q", maxStatus, got)
	}
}

func FuzzNotify(f *testing.F) {
	f.Add([]byte("READY=1\nSTATUS=up\nMAINPID=1"))
	f.Add([]byte("EXTEND_TIMEOUT_USEC=99999999999999999999\nWATCHDOG=trigger"))
	f.Add([]byte("STATUS=\xf0\x9f\x98"))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		s := ParseState(datagram)
		if len(s.Status) > maxStatus || !utf8.ValidString(s.Status) {
			t.Errorf("status %q", s.Status)
		}
		if strings.ContainsFunc(s.Status, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("status %q is not printable", s.Status)
		}
		if s.MainPID < 0 || s.Errno < 0 || s.ExitStatus < 0 || s.ExtendTimeout < 0 || s.WatchdogInterval < 0 {
			t.Errorf("negative value in %+v", s)
		}
	})
}
