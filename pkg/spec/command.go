package spec

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Setting is one option of an app that is started without a file.
type Setting struct {
	Key string // in any spelling that a file may use
	// Value is a string, bool, int, []string or map[string]string.
	Value any
	// Flag names the option in messages; empty for "--" and the key with
	// dashes.
	Flag string
}

// FromCommand resolves an app that is started without a file. It goes through
// the same checks as an app of a file; problems name the flag instead of the
// line. args are the words after "--".
func FromCommand(o Options, script string, args []string, settings []Setting) (Spec, []Problem, error) {
	if err := o.check(); err != nil {
		return Spec{}, nil, err
	}
	if !filepath.IsAbs(o.Dir) {
		return Spec{}, nil, fmt.Errorf("found %s as the caller's directory; want an absolute path", quoted(o.Dir))
	}
	r := &report{}
	entries := []entry{{label: "script", key: "script", value: &value{kind: text, text: script}}}
	if len(args) > 0 {
		entries = append(entries, entry{label: "arguments after --", key: "args", value: textList(args)})
	}
	for _, s := range settings {
		v, err := settingValue(s.Value)
		if err != nil {
			return Spec{}, nil, fmt.Errorf("setting %s: %w", s.Key, err)
		}
		label := cmp.Or(s.Flag, "--"+strings.ReplaceAll(s.Key, "_", "-"))
		entries = append(entries, entry{label: label, key: s.Key, value: v})
	}
	app := readApp(r, 0, 0, entries)
	resolved := resolve(r, &o, &app, "")
	warnings := inOrder(r.unknown, r.warnings)
	if len(r.problems) > 0 {
		return Spec{}, warnings, r.problems
	}
	return resolved, warnings, nil
}

// settingValue makes a value of a file out of a Go value.
func settingValue(v any) (*value, error) {
	switch v := v.(type) {
	case string:
		return &value{kind: text, text: v}, nil
	case bool:
		return &value{kind: boolean, text: strconv.FormatBool(v)}, nil
	case int:
		return &value{kind: number, text: strconv.Itoa(v)}, nil
	case []string:
		return textList(v), nil
	case map[string]string:
		out := &value{kind: object}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out.fields = append(out.fields, field{key: key, value: &value{kind: text, text: v[key]}})
		}
		return out, nil
	}
	return nil, fmt.Errorf("a %T is none of string, bool, int, []string, map[string]string", v)
}

func textList(words []string) *value {
	v := &value{kind: list}
	for _, word := range words {
		v.items = append(v.items, &value{kind: text, text: word})
	}
	return v
}
