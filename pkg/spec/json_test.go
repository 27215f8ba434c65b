package spec

import (
	"strings"
	"testing"
)

// asJSON writes a parsed document as strict JSON.
func asJSON(t *testing.T, parse func([]byte) (*document, error), source string) string {
	t.Helper()
	doc, err := parse([]byte(source))
	if err != nil {
		t.Fatalf("parse %q: %v", source, err)
	}
	return doc.root.asText()
}

func TestJSONDialect(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`{"a": 1, "b": [true, false, null]}`:              `{"a":1,"b":[true,false,null]}`,
		"{a: 'x', // note\n b: \"y\", /* and\n more */ }": `{"a":"x","b":"y"}`,
		"[1, 2,]":                                      `[1,2]`,
		"{$a_1: .5, ключ: -2, 7: +3}":                  `{"$a_1":0.5,"ключ":-2,"7":3}`,
		"{a: 0x10, b: 1e3, c: 1.50}":                   `{"a":16,"b":1000,"c":1.50}`,
		"{\ta:\t'tabs'\t}":                             `{"a":"tabs"}`,
		`{a: "\u0041\x42\n\"\/\u{1F600}\ud83d\ude00"}`: "{\"a\":\"AB\\n\\\"/😀😀\"}",
		"{a: 'one \\\ntwo', b: `raw\ntext`}":           `{"a":"one two","b":"raw\ntext"}`,
		"\ufeff{a: undefined}":                         `{"a":null}`,
		`{a: "<&>"}`:                                   `{"a":"<&>"}`,
		"// nothing but a comment":                     "null",
		`{a: 'it\'s', b: "\ud800"}`:                    "{\"a\":\"it's\",\"b\":\"\ufffd\"}",
	} {
		if got := asJSON(t, parseJSON, source); got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
}

func TestJSONSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		line   int
		want   string
	}{
		{"{\n a: 1\n b: 2}", 3, `found "b"; want "," or "}"`},
		{"{a: process.env.X}", 1, `found "process.env.X"; want a value (a .json file is read as data`},
		{"{\n\"a\" 1}", 2, `want ":" after the key "a"`},
		{"{a: 'x\n'}", 1, "not closed on its line"},
		{"[1, /* open", 1, "has no */"},
		{"{a: 1", 1, "found the end of the file"},
		{"{} {}", 1, "want the end of the file"},
		{"{\n\n'a': \"\\uZZ\"}", 3, "needs hexadecimal digits"},
		{"{a: `${x}`}", 1, "in back quotes"},
		{"{, a: 1}", 1, `found ","; want a key`},
		{"{a: --1}", 1, "want a value"},
		{strings.Repeat("[", 5000), 1, "nested deeper"},
		{"\xff", 0, "UTF-8"},
		{"{a: '", 1, "not closed"},
		{"{a: '\\", 1, "not closed"},
		{"{a: NaN}", 1, "want a value"},
	} {
		_, err := parseJSON([]byte(c.source))
		syntax, ok := err.(*syntaxError)
		if !ok || syntax.line != c.line || !strings.Contains(syntax.message, c.want) {
			t.Errorf("%.40q: got %+v, want line %d: …%s…", c.source, err, c.line, c.want)
		}
	}
}

func TestJSONDuplicateKeyLastWins(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "node")
	specs, warnings, err := f.resolve("pm2.json", "{script: 'app.js', env: {\nA: 1,\nA: 2}}")
	if err != nil || specs[0].Env["A"] != "2" {
		t.Fatalf("got %v, %v; want A=2", specs, err)
	}
	if want := "pm2.json:3: A: is there twice in one object, first on line 2; the last one counts"; f.text(warnings) != want {
		t.Errorf("got %q, want %q", f.text(warnings), want)
	}
}
