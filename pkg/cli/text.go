package cli

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// harmless returns text that cannot move a terminal's cursor or change its
// state, whoever wrote it: control characters (C0 but for the tab, DEL, C1), those
// that turn the direction of text and bytes that are not UTF-8 become visible. Colours (SGR sequences,
// ECMA-48) are kept when colour is set and dropped otherwise.
func harmless(text string, colour bool) string {
	bad := strings.IndexFunc(text, isControl)
	if bad < 0 && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	coloured := false
	for len(text) > 0 {
		if n := sgrLength(text); n > 0 {
			if colour {
				b.WriteString(text[:n])
				coloured = true
			}
			text = text[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case !isControl(r):
			b.WriteString(text[:n])
		case r < 0x20 || r == 0x7f:
			b.WriteByte('^')
			b.WriteByte(byte(r) ^ 0x40)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[n:]
	}
	if coloured {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// isControl tells what a terminal acts upon instead of showing it: controls but
// for the tab, and the embeddings, overrides and isolates of the bidirectional
// algorithm (UAX #9), with which a line can look like another one.
func isControl(r rune) bool {
	return r < 0x20 && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// harmlessJSON is harmless for JSON, whose strings may hold some controls as
// they are: DEL and C1, of which a terminal takes U+009B for an escape sequence.
// It is the same JSON afterwards.
func harmlessJSON(text []byte) []byte {
	bad := func(r rune) bool { return r >= 0x7f && isControl(r) }
	if bytes.IndexFunc(text, bad) < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if bad(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, text[:n]...)
		}
		text = text[n:]
	}
	return out
}

// sgrLength returns the length of the colour sequence that text begins with.
func sgrLength(text string) int {
	body, ok := strings.CutPrefix(text, "\x1b[")
	if !ok {
		return 0
	}
	end := strings.IndexFunc(body, func(r rune) bool { return r != ';' && r != ':' && (r < '0' || r > '9') })
	if end < 0 || body[end] != 'm' {
		return 0
	}
	return len("\x1b[") + end + 1
}

// sizeText writes bytes as PM2 does: powers of 1024, one decimal.
func sizeText(bytes int64) string {
	units := [...]string{"kb", "mb", "gb", "tb"}
	if bytes < 1024 {
		return strconv.FormatInt(bytes, 10) + "b"
	}
	v, unit := float64(bytes)/1024, 0
	// 1023.95 would be rounded to 1024.0.
	for v >= 1023.95 && unit < len(units)-1 {
		v, unit = v/1024, unit+1
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + units[unit]
}

// spanText writes milliseconds in one unit, as PM2's list does, but changes to
// the next unit as soon as one of it is full.
func spanText(ms int64) string {
	s := ms / 1000
	switch {
	case s < 60:
		return strconv.FormatInt(s, 10) + "s"
	case s < 60*60:
		return strconv.FormatInt(s/60, 10) + "m"
	case s < 24*60*60:
		return strconv.FormatInt(s/(60*60), 10) + "h"
	}
	return strconv.FormatInt(s/(24*60*60), 10) + "D"
}

// percentText writes a share of one core with a decimal where that says
// something.
func percentText(cpu float64) string {
	text := strconv.FormatFloat(cpu, 'f', 1, 64)
	return strings.TrimSuffix(text, ".0") + "%"
}

// plural returns "1 app" or "2 apps".
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// orNA returns text, or what PM2 shows for nothing.
func orNA(text string) string {
	if text == "" {
		return "N/A"
	}
	return text
}
