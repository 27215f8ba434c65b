package main

import (
	"bytes"
	"io"
	"unicode"
)

// visible writes text with U+FFFD for what would move a terminal's cursor or
// turn text around: paths and flags in messages may hold any byte.
type visible struct{ w io.Writer }

func (v visible) Write(p []byte) (int, error) {
	text := bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, p)
	if _, err := v.w.Write(text); err != nil {
		return 0, err
	}
	return len(p), nil
}
