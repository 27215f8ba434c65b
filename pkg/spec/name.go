package spec

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest name of an app in bytes; file names are made of it.
const maxName = 128

// checkName refuses names that a command could not address or a file could not
// be named after.
func checkName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("found an empty name; want a word such as api")
	case len(name) > maxName:
		return fmt.Errorf("found a name of %d bytes; want at most %d", len(name), maxName)
	case name == "all":
		return fmt.Errorf("found %q, which stands for all apps in commands; want another name", name)
	case strings.Trim(name, "0123456789") == "":
		return fmt.Errorf("found %q, which commands would take for an id; want a name with a letter, such as app-%s", name, name)
	case strings.ContainsRune(name, '/'):
		return fmt.Errorf("found %q; want a name without /", name)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("found %q; want a name without control characters", name)
	}
	return nil
}

// defaultName is what PM2 calls an app without a name: the text behind the last
// slash of the script, less its extension.
func defaultName(script string) string {
	base := path.Base(strings.TrimSpace(script))
	if base == "." || base == "/" {
		return ""
	}
	if name := strings.TrimSuffix(base, path.Ext(base)); name != "" {
		return name
	}
	return base
}

// fileBase turns a name into the start of the names of its files.
func fileBase(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, name)
}
