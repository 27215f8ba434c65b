package logs

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxFormat bounds log_date_format in bytes. The stamp is at most six times as
// long ("Z" becomes "+00:00").
const maxFormat = 256

// Stamp is a compiled log_date_format.
type Stamp struct {
	parts []part
}

// part is a token, or literal text when token is empty.
type part struct {
	token, literal string
}

// longest are the letters that begin tokens, with the length of their longest.
var longest = [256]int8{'Y': 4, 'M': 4, 'D': 2, 'd': 4, 'H': 2, 'h': 2, 'a': 1, 'A': 1, 'm': 2, 's': 2, 'S': 3, 'Z': 2}

// ParseStamp compiles a format in the tokens of moment and day.js:
//
//	YY YYYY M MM MMM MMMM D DD d dd ddd dddd H HH h hh a A m mm s ss SSS Z ZZ
//
// Text in square brackets is literal, and so is everything else. A format of
// more than 256 bytes or with a line break in it is an error.
func ParseStamp(format string) (*Stamp, error) {
	if len(format) > maxFormat {
		return nil, fmt.Errorf("date format of %d bytes; at most %d are allowed", len(format), maxFormat)
	}
	if strings.ContainsAny(format, "\n\r") {
		return nil, errors.New("date format with a line break; a stamp must fit on the line that it belongs to")
	}
	s := &Stamp{}
	for len(format) > 0 {
		n, p := nextPart(format)
		format = format[n:]
		s.add(p)
	}
	return s, nil
}

// nextPart returns the first part of a format and its length there.
func nextPart(format string) (int, part) {
	if format[0] == '[' {
		if end := strings.IndexByte(format, ']'); end > 1 {
			return end + 1, part{literal: format[1:end]}
		}
	}
	n := 1
	for n < int(longest[format[0]]) && n < len(format) && format[n] == format[0] {
		n++
	}
	if isToken(format[:n]) {
		return n, part{token: format[:n]}
	}
	return n, part{literal: format[:n]}
}

func (s *Stamp) add(p part) {
	if last := len(s.parts) - 1; p.token == "" && last >= 0 && s.parts[last].token == "" {
		s.parts[last].literal += p.literal
		return
	}
	s.parts = append(s.parts, p)
}

func isToken(text string) bool {
	switch text {
	case "YY", "YYYY", "M", "MM", "MMM", "MMMM", "D", "DD", "d", "dd", "ddd", "dddd",
		"H", "HH", "h", "hh", "a", "A", "m", "mm", "s", "ss", "SSS", "Z", "ZZ":
		return true
	}
	return false
}

// Append appends t, in t's own time zone, to b. It does not allocate where b
// has room.
func (s *Stamp) Append(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	for _, p := range s.parts {
		switch p.token {
		case "":
			b = append(b, p.literal...)
		case "YY":
			b = digits(b, year%100, 2)
		case "YYYY":
			b = digits(b, year, 4)
		case "M", "MM":
			b = digits(b, int(month), len(p.token))
		case "MMM":
			b = append(b, month.String()[:3]...)
		case "MMMM":
			b = append(b, month.String()...)
		case "D", "DD":
			b = digits(b, day, len(p.token))
		case "d":
			b = digits(b, int(t.Weekday()), 1)
		case "dd", "ddd":
			b = append(b, t.Weekday().String()[:len(p.token)]...)
		case "dddd":
			b = append(b, t.Weekday().String()...)
		case "H", "HH":
			b = digits(b, hour, len(p.token))
		case "h", "hh":
			b = digits(b, (hour+11)%12+1, len(p.token))
		case "a":
			b = append(b, half(hour, "am", "pm")...)
		case "A":
			b = append(b, half(hour, "AM", "PM")...)
		case "m", "mm":
			b = digits(b, minute, len(p.token))
		case "s", "ss":
			b = digits(b, second, len(p.token))
		case "SSS":
			b = digits(b, t.Nanosecond()/int(time.Millisecond), 3)
		case "Z":
			b = zone(b, t, ":")
		case "ZZ":
			b = zone(b, t, "")
		}
	}
	return b
}

// digits appends v, which is not negative, with at least width digits.
func digits(b []byte, v, width int) []byte {
	var text [20]byte
	i := len(text)
	for ; v > 0 || width > 0; width-- {
		i--
		text[i] = byte('0' + v%10)
		v /= 10
	}
	return append(b, text[i:]...)
}

func half(hour int, am, pm string) string {
	if hour < 12 {
		return am
	}
	return pm
}

func zone(b []byte, t time.Time, colon string) []byte {
	_, offset := t.Zone()
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	b = digits(append(b, sign), offset/3600, 2)
	return digits(append(b, colon...), offset/60%60, 2)
}
