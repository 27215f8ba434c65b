package spec

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// kind is what a value of a file is, whatever the file's format.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

// String names the kind for a message about what was found.
func (k kind) String() string {
	return [...]string{"nothing", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// value is one value of a file: a tree without aliases and merges.
type value struct {
	kind   kind
	line   int
	text   string // of a scalar, as written; booleans in lower case
	items  []*value
	fields []field // in the order of the file, each key once
}

// field is one entry of an object.
type field struct {
	key   string
	line  int
	value *value
}

// document is a parsed file.
type document struct {
	root       *value
	duplicates []duplicate
}

// duplicate is a key that one object holds twice.
type duplicate struct {
	key         string
	first, line int
}

// syntaxError is what makes a file unreadable.
type syntaxError struct {
	line    int
	message string
}

func (e *syntaxError) Error() string { return e.message }

// objectBuilder fills an object; a key that comes again replaces the first.
type objectBuilder struct {
	doc    *document
	object *value
	at     map[string]int
}

func newObject(doc *document, line int) *objectBuilder {
	return &objectBuilder{doc: doc, object: &value{kind: object, line: line}, at: map[string]int{}}
}

func (b *objectBuilder) add(f field) {
	if i, ok := b.at[f.key]; ok {
		b.doc.duplicates = append(b.doc.duplicates, duplicate{f.key, b.object.fields[i].line, f.line})
		b.object.fields[i] = f
		return
	}
	b.at[f.key] = len(b.object.fields)
	b.object.fields = append(b.object.fields, f)
}

// addMissing adds the fields of a merged object that are not there yet.
func (b *objectBuilder) addMissing(from *value) {
	for _, f := range from.fields {
		if _, ok := b.at[f.key]; !ok {
			b.add(f)
		}
	}
}

// get returns the field of an object, or nil.
func (v *value) get(key string) *field {
	for i := range v.fields {
		if v.fields[i].key == key {
			return &v.fields[i]
		}
	}
	return nil
}

// empty reports whether the value counts as not given.
func (v *value) empty() bool { return v.kind == null || v.kind == text && v.text == "" }

// describe returns the value for a message about what was found.
func (v *value) describe() string {
	switch v.kind {
	case boolean, number:
		return v.text
	case text:
		return quoted(v.text)
	}
	return v.kind.String()
}

// decimal returns a number in plain decimal digits where it is a whole one
// (0x1F, 1_000 and 1e3 are), else the text as written.
func (v *value) decimal() string {
	if v.kind != number || strings.Trim(v.text, "0123456789") == "" {
		return v.text
	}
	if n, err := strconv.ParseInt(v.text, 0, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	const exact = 1 << 53
	plain := strings.ReplaceAll(v.text, "_", "")
	if f, err := strconv.ParseFloat(plain, 64); err == nil && f == float64(int64(f)) && f < exact && f > -exact {
		return strconv.FormatInt(int64(f), 10)
	}
	return v.text
}

// asText returns the value as an environment variable holds it: scalars as
// written, null as "null", lists and objects as JSON.
func (v *value) asText() string {
	switch v.kind {
	case null:
		return "null"
	case list, object:
		var b bytes.Buffer
		v.writeJSON(&b)
		return b.String()
	}
	return v.text
}

func (v *value) writeJSON(b *bytes.Buffer) {
	switch v.kind {
	case null:
		b.WriteString("null")
	case boolean:
		b.WriteString(v.text)
	case number:
		v.writeNumber(b)
	case text:
		writeString(b, v.text)
	case list:
		b.WriteByte('[')
		for i, item := range v.items {
			separate(b, i)
			item.writeJSON(b)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i, f := range v.fields {
			separate(b, i)
			writeString(b, f.key)
			b.WriteByte(':')
			f.value.writeJSON(b)
		}
		b.WriteByte('}')
	}
}

// writeNumber writes null for what JSON can't say (NaN, infinity), as
// JavaScript does.
func (v *value) writeNumber(b *bytes.Buffer) {
	text := v.decimal()
	if !json.Valid([]byte(text)) {
		text = "null"
		if f, err := strconv.ParseFloat(strings.ReplaceAll(v.text, "_", ""), 64); err == nil && f-f == 0 {
			text = strconv.FormatFloat(f, 'g', -1, 64)
		}
	}
	b.WriteString(text)
}

func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string into a buffer can't fail
	b.Truncate(b.Len() - 1)
}

func separate(b *bytes.Buffer, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}
