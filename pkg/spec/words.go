package spec

import (
	"fmt"
	"strings"
)

// readWords takes a list, whose scalars are kept as written, or a string that
// is split.
func readWords(_ *Key, v *value) (any, error) {
	var words []string
	switch v.kind {
	case text:
		words = splitWords(v.text)
	case number:
		words = []string{v.text}
	}
	for _, item := range v.items {
		if item.kind == null || item.kind == list || item.kind == object {
			return nil, fmt.Errorf("found %s in the list; want only strings and numbers", item.describe())
		}
		words = append(words, item.text)
	}
	for _, word := range words {
		if !isText(word) {
			return nil, wrong(&value{kind: text, text: word}, "UTF-8 text without NUL bytes")
		}
	}
	return words, nil
}

// splitWords splits a string at white space as PM2 does: quotes group, and they
// are removed where they enclose the whole word, so --x='y z' stays one word
// with its quotes. A quote that is never closed is an ordinary character.
func splitWords(s string) []string {
	const space = " \t\r\n\v\f"
	var words []string
	for {
		s = strings.TrimLeft(s, space)
		if s == "" {
			return words
		}
		end := wordEnd(s, space)
		word := s[:end]
		s = s[end:]
		if n := len(word); n >= 2 && (word[0] == '"' || word[0] == '\'') && strings.IndexByte(word[1:], word[0]) == n-2 {
			word = word[1 : n-1]
		}
		words = append(words, word)
	}
}

// wordEnd returns where the word at the start of s ends.
func wordEnd(s, space string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case strings.IndexByte(space, s[i]) >= 0:
			return i
		case s[i] == '"' || s[i] == '\'':
			if n := strings.IndexByte(s[i+1:], s[i]); n >= 0 {
				i += n + 1
			}
		}
	}
	return len(s)
}
