package logs

import (
	"strings"
	"testing"
	"time"
)

func TestStamp(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, time.January, 4, 9, 5, 3, 7_999_999, time.FixedZone("", -(3*3600+30*60)))
	tests := map[string]string{
		"YYYY-MM-DD HH:mm:ss Z":       "2026-01-04 09:05:03 -03:30",
		"YYYY-MM-DD HH:mm:ss.SSS ZZ":  "2026-01-04 09:05:03.007 -0330",
		"YYYY-MM-DDTHH:mm:ss":         "2026-01-04T09:05:03",
		"YY M D H m s":                "26 1 4 9 5 3",
		"MMM MMMM":                    "Jan January",
		"d dd ddd dddd":               "0 Su Sun Sunday",
		"h hh a A":                    "9 09 am AM",
		"[at] HH[h]":                  "at 09h",
		"[YYYY] []":                   "YYYY []",
		"[open YY":                    "[open 26",
		"YYYYYY YYY Y":                "202626 YYY Y",
		"SSSS SS S":                   "007S SS S",
		"x X o Q é":                   "x X o Q é",
		"Do":                          "4o",
		"DDD":                         "044",
		"":                            "",
		"[x] [y]z":                    "x yz",
		"\xff HH \x00":                "\xff 09 \x00",
		"HHmmssSSSYYYYMMDDddddMMMMZZ": "090503" + "007" + "20260104" + "SundayJanuary-0330",
	}
	for format, want := range tests {
		s, err := ParseStamp(format)
		if err != nil {
			t.Errorf("%q: %v", format, err)
			continue
		}
		if got := string(s.Append(nil, when)); got != want {
			t.Errorf("%q gives %q, want %q", format, got, want)
		}
	}
}

func TestStampHours(t *testing.T) {
	t.Parallel()
	s, err := ParseStamp("H h A")
	if err != nil {
		t.Fatal(err)
	}
	for hour, want := range map[int]string{0: "0 12 AM", 1: "1 1 AM", 11: "11 11 AM", 12: "12 12 PM", 13: "13 1 PM", 23: "23 11 PM"} {
		if got := string(s.Append(nil, time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC))); got != want {
			t.Errorf("hour %d gives %q, want %q", hour, got, want)
		}
	}
}

func TestStampRefusesWhatBreaksLines(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"HH\nmm", "HH\r", strings.Repeat("Z", maxFormat+1)} {
		if _, err := ParseStamp(format); err == nil {
			t.Errorf("%.20q was accepted", format)
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("YYYY-MM-DD HH:mm:ss Z", int64(1767517503))
	f.Add("[a]b[", int64(0))
	f.Add("ddddMMMMSSSS", int64(-1))
	f.Fuzz(func(t *testing.T, format string, unix int64) {
		s, err := ParseStamp(format)
		if err != nil {
			return
		}
		when := time.Unix(unix%(1<<37), 0).UTC()
		b := s.Append([]byte("kept"), when)
		if string(b[:4]) != "kept" {
			t.Fatalf("what was in the buffer has become %q", b[:4])
		}
		if len(b) > 4+6*maxFormat || strings.Contains(string(b), "\n") {
			t.Fatalf("%q gives %q", format, b[4:])
		}
		if quoted := "[" + format + "]"; format != "" && !strings.Contains(format, "]") && len(quoted) <= maxFormat {
			s, err := ParseStamp(quoted)
			if err != nil || string(s.Append(nil, when)) != format {
				t.Fatalf("%q is not literal (%v)", quoted, err)
			}
		}
	})
}

func BenchmarkStamp(b *testing.B) {
	s, err := ParseStamp("YYYY-MM-DD HH:mm:ss.SSS Z")
	if err != nil {
		b.Fatal(err)
	}
	now, buf := time.Now(), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = s.Append(buf[:0], now)
	}
}
