package spec

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string in any of JavaScript's three quotes.
func (p *jsonParser) str() (string, error) {
	start, quote := p.line, p.rest[0]
	p.skip(1)
	var b strings.Builder
	for {
		end := strings.IndexAny(p.rest, string(quote)+"\\\n")
		if quote == '`' {
			end = strings.IndexAny(p.rest, "`\\")
		}
		if end < 0 || p.rest[end] == '\n' {
			return "", &syntaxError{start, "not valid JSON: the string that begins here is not closed on its line"}
		}
		b.WriteString(p.rest[:end])
		found := p.rest[end]
		p.skip(end + 1)
		if found == quote {
			break
		}
		if err := p.escape(&b); err != nil {
			return "", err
		}
	}
	if quote == '`' && strings.Contains(b.String(), "${") {
		return "", &syntaxError{start, "not valid JSON: found ${…} in back quotes; a .json file is read as data, so use ordinary quotes"}
	}
	return b.String(), nil
}

// escape reads what follows a backslash (ECMA-262, string literals).
func (p *jsonParser) escape(b *strings.Builder) error {
	r, size := utf8.DecodeRuneInString(p.rest)
	switch r {
	case 'u', 'x':
		return p.codePoint(b)
	case '\r':
		if strings.HasPrefix(p.rest, "\r\n") {
			size = 2
		}
	case '\n': // a continued line
	default:
		if at := strings.IndexRune("bfnrtv0", r); at >= 0 {
			r = rune("\b\f\n\r\t\v\x00"[at])
		}
		if size > 0 {
			b.WriteRune(r)
		}
	}
	p.skip(size)
	return nil
}

// codePoint reads a hexadecimal escape, or two that are a surrogate pair.
func (p *jsonParser) codePoint(b *strings.Builder) error {
	r, size, ok := hexEscape(p.rest)
	if !ok {
		return &syntaxError{p.line, `not valid JSON: the escape \` + p.rest[:1] + ` needs hexadecimal digits`}
	}
	if next, found := strings.CutPrefix(p.rest[size:], `\`); found && utf16.IsSurrogate(r) {
		second, n, _ := hexEscape(next)
		if whole := utf16.DecodeRune(r, second); whole != utf8.RuneError {
			r, size = whole, size+1+n
		}
	}
	b.WriteRune(r)
	p.skip(size)
	return nil
}

// hexEscape reads xHH, uHHHH or u{H…} at the start of s.
func hexEscape(s string) (r rune, size int, ok bool) {
	digits := ""
	switch {
	case strings.HasPrefix(s, "u{"):
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return 0, 0, false
		}
		digits, size = s[2:end], end+1
	case strings.HasPrefix(s, "u") && len(s) >= 5:
		digits, size = s[1:5], 5
	case strings.HasPrefix(s, "x") && len(s) >= 3:
		digits, size = s[1:3], 3
	}
	n, err := strconv.ParseUint(digits, 16, 21)
	return rune(n), size, err == nil
}

// isNumber reports whether word is a number literal of JavaScript.
func isNumber(word string) bool {
	if word != "" && (word[0] == '+' || word[0] == '-') {
		word = word[1:]
	}
	if word == "" || word[0] != '.' && (word[0] < '0' || word[0] > '9') {
		return false // ParseFloat knows inf and nan
	}
	if _, err := strconv.ParseInt(word, 0, 64); err == nil {
		return true
	}
	_, err := strconv.ParseFloat(word, 64)
	return err == nil
}
