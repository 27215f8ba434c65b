package logs

import (
	"strings"
	"time"
)

// match returns the length of the stamp that a line begins with, or -1. Each
// token takes as much as it can, which finds every stamp that people write; one
// whose numbers run into each other without leading zeros is not found.
func (s *Stamp) match(line []byte) int {
	text := string(line[:min(len(line), longestStamp)])
	rest := text
	for _, p := range s.parts {
		n := p.match(rest)
		if n < 0 {
			return -1
		}
		rest = rest[n:]
	}
	return len(text) - len(rest)
}

// longestStamp bounds a stamp, in bytes.
const longestStamp = 6 * maxFormat

// match returns how many bytes the part takes of the beginning of text, or -1.
func (p part) match(text string) int {
	switch p.token {
	case "":
		return prefix(text, p.literal)
	case "YYYY":
		return number(text, 4, 4)
	case "SSS":
		return number(text, 3, 3)
	case "YY", "MM", "DD", "HH", "hh", "mm", "ss":
		return number(text, 2, 2)
	case "M", "D", "H", "h", "m", "s":
		return number(text, 1, 2)
	case "d":
		return number(text, 1, 1)
	case "MMM", "MMMM":
		return month(text, p.token == "MMM")
	case "dd", "ddd", "dddd":
		return weekday(text, len(p.token))
	case "a":
		return prefix(text, "am", "pm")
	case "A":
		return prefix(text, "AM", "PM")
	case "Z":
		return zoneLength(text, ":")
	case "ZZ":
		return zoneLength(text, "")
	}
	return -1
}

func prefix(text string, words ...string) int {
	for _, w := range words {
		if strings.HasPrefix(text, w) {
			return len(w)
		}
	}
	return -1
}

// number matches least to most digits.
func number(text string, least, most int) int {
	n := 0
	for n < most && n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	if n < least {
		return -1
	}
	return n
}

func month(text string, short bool) int {
	for m := time.January; m <= time.December; m++ {
		name := m.String()
		if short {
			name = name[:3]
		}
		if strings.HasPrefix(text, name) {
			return len(name)
		}
	}
	return -1
}

// weekday matches the first letters of a day's name: 2, 3, or all with 4.
func weekday(text string, letters int) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := d.String()
		if letters < 4 {
			name = name[:letters]
		}
		if strings.HasPrefix(text, name) {
			return len(name)
		}
	}
	return -1
}

func zoneLength(text, colon string) int {
	if prefix(text, "+", "-") < 0 || number(text[1:], 2, 2) < 0 {
		return -1
	}
	minutes, ok := strings.CutPrefix(text[3:], colon)
	if !ok || number(minutes, 2, 2) < 0 {
		return -1
	}
	return len("+00") + len(colon) + len("00")
}
