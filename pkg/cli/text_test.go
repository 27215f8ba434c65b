package cli

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHarmless(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, colour, plain string }{
		{"plain\ttext é 日本", "plain\ttext é 日本", "plain\ttext é 日本"},
		{"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m\x1b[0m", "red"},
		{"\x1b[2Jgone", "^[[2Jgone", "^[[2Jgone"},
		{"\x1b]0;title\a", "^[]0;title^G", "^[]0;title^G"},
		{"a\rb\x00\x7f", "a^Mb^@^?", "a^Mb^@^?"},
		{"\u009b2J", `\u009b2J`, `\u009b2J`},
		{"a\u202eb\u2069", `a\u202eb\u2069`, `a\u202eb\u2069`},
		{"bad \xff", `bad \xff`, `bad \xff`},
		{"\ufffd", "\ufffd", "\ufffd"},
		{"\x1b[31", "^[[31", "^[[31"},
	} {
		if got := harmless(c.in, true); got != c.colour {
			t.Errorf("%q with colours: %q, want %q", c.in, got, c.colour)
		}
		if got := harmless(c.in, false); got != c.plain {
			t.Errorf("%q: %q, want %q", c.in, got, c.plain)
		}
	}
}

func TestHarmlessJSON(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"a":"é\u001b"}`:                 `{"a":"é\u001b"}`,
		"[\"\u009b2J\u007f\",\"\u202e\"]": `["\u009b2J\u007f","\u202e"]`,
	} {
		got := harmlessJSON([]byte(in))
		if string(got) != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
		var before, after any
		if err := errors.Join(json.Unmarshal([]byte(in), &before), json.Unmarshal(got, &after)); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%q became other JSON: %q, %v", in, got, err)
		}
	}
}

func FuzzHarmless(f *testing.F) {
	for _, seed := range []string{"", "text", "\x1b[1;31mred\x1b[m", "\x1b[31", "\xff\x9b", "\u0085", "\x1b\x1b[0m"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := harmless(text, false)
		if !utf8.ValidString(got) || strings.IndexFunc(got, isControl) >= 0 {
			t.Errorf("%q became %q", text, got)
		}
		coloured := harmless(text, true)
		for rest := coloured; ; {
			at := strings.IndexByte(rest, 0x1b)
			if at < 0 {
				break
			}
			n := sgrLength(rest[at:])
			if n == 0 {
				t.Fatalf("%q became %q", text, coloured)
			}
			rest = rest[at+n:]
		}
	})
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{
		0: "0b", 1023: "1023b", 1024: "1.0kb", 32505856: "31.0mb", 1<<20 - 1: "1.0mb", 1 << 30: "1.0gb", 5 << 50: "5120.0tb",
	} {
		if got := sizeText(bytes); got != want {
			t.Errorf("%d bytes: %s, want %s", bytes, got, want)
		}
	}
	for ms, want := range map[int64]string{
		0: "0s", 59_999: "59s", 60_000: "1m", 59 * 60_000: "59m", 3600_000: "1h", 47 * 3600_000: "1D", 24 * 3600_000 * 400: "400D",
	} {
		if got := spanText(ms); got != want {
			t.Errorf("%d ms: %s, want %s", ms, got, want)
		}
	}
	for cpu, want := range map[float64]string{0: "0%", 0.34: "0.3%", 12: "12%", 199.96: "200%"} {
		if got := percentText(cpu); got != want {
			t.Errorf("%v: %s, want %s", cpu, got, want)
		}
	}
}
