package spec

import (
	"strings"
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{
		"300M": 300 << 20, "1g": 1 << 30, "1.5G": 3 << 29, "500MB": 500 << 20, "64KiB": 64 << 10,
		"1024": 1024, "0": 0, "10B": 10, "1 GB": 1 << 30, " 2k ": 2048, "0.1K": 102, "2t": 2 << 40,
		"9223372036854775807": 1<<63 - 1, "1.0000000000000000001K": 1024,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for text, reason := range map[string]string{
		"": "want a size", "M": "want a size", "300X": `found "300X"; want a size such as 300M`, "1.5.1G": "want a size",
		"-1M": "is negative", "9223372036854775808": "is too large", "99999999999999999999": "is too large",
		"9007199254740992K": "is too large", "8388608T": "is too large", "NaN": "want a size", "Inf": "want a size",
		"1e9": "want a size", ".5G": "want a size", "5.G": "want a size", "0.1": "smaller than the smallest unit",
		"0x10": "want a size", "1_000": "want a size", "١M": "want a size",
	} {
		if got, err := ParseSize(text); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("ParseSize(%q) = %d, %v; want an error with %q", text, got, err, reason)
		}
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "5000": 5 * time.Second, "1.5s": 1500 * time.Millisecond, "500ms": 500 * time.Millisecond,
		"2m": 2 * time.Minute, "1h": time.Hour, "1d": 24 * time.Hour, "0": 0, "0s": 0, "3 sec": 3 * time.Second,
		"1.0005s": time.Second, "5 min": 5 * time.Minute, "10S": 10 * time.Second,
	} {
		if got, err := ParseDuration(text); err != nil || got.Std() != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, got.Std(), err, want)
		}
	}
	for text, reason := range map[string]string{
		"": "want a time such as 10s", "10x": `found "10x"`, "-5s": "is negative", "NaN": "want a time", "1h30m": "want a time",
		"9223372036855": "is too large", "200000000h": "is too large", "0.0001s": "smaller than the smallest unit", "s": "want a time",
	} {
		if got, err := ParseDuration(text); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("ParseDuration(%q) = %v, %v; want an error with %q", text, got, err, reason)
		}
	}
}

func TestQuantityString(t *testing.T) {
	t.Parallel()
	for want, size := range map[string]Size{"0": 0, "1000": 1000, "1K": 1024, "300M": 300 << 20, "1536M": 3 << 29, "1G": 1 << 30, "2048T": 2 << 50} {
		if got := size.String(); got != want {
			t.Errorf("Size(%d) = %q, want %q", int64(size), got, want)
		}
	}
	for want, ms := range map[string]int64{"0s": 0, "10s": 10000, "1600ms": 1600, "2m": 120000, "1h": 3600000, "90s": 90000} {
		if got := milliseconds(ms).String(); got != want {
			t.Errorf("%d ms = %q, want %q", ms, got, want)
		}
	}
}

func FuzzSize(f *testing.F) {
	for _, seed := range []string{"300M", "1.5G", "500MB", "1024", "-1", "9223372036854775807", "0.000000001T", "1.99999999999K"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		size, err := ParseSize(text)
		if err != nil {
			return
		}
		if again, err := ParseSize(size.String()); size < 0 || err != nil || again != size {
			t.Errorf("%q is %d, which is written %q and read as %d, %v", text, int64(size), size, int64(again), err)
		}
	})
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"10s", "5000", "1.5s", "500ms", "2m", "1h", "106751d", "-5", "0.001s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		span, err := ParseDuration(text)
		if err != nil {
			return
		}
		if again, err := ParseDuration(span.String()); span < 0 || err != nil || again != span {
			t.Errorf("%q is %v, which is written %q and read as %v, %v", text, span.Std(), span, again.Std(), err)
		}
	})
}

func BenchmarkParseSize(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseSize("1.5G"); err != nil {
			b.Fatal(err)
		}
	}
}
