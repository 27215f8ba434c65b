package spec

import (
	"fmt"
	"strings"
	"testing"
)

func TestYAML(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3":            `{"a":{"k":1,"l":2},"b":{"l":3,"k":1}}`,
		"a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc: {<<: [*x, *y]}": `{"a":{"k":1},"b":{"k":2,"m":3},"c":{"k":1,"m":3}}`,
		"a: &x [1]\nb: *x": `{"a":[1],"b":[1]}`,
		"a: yes\nb: True\nc: ~\nd:\ne: '1'\nf: 2020-01-02":    `{"a":"yes","b":true,"c":null,"d":null,"e":"1","f":"2020-01-02"}`,
		"a: 0o17\nb: 1_000\nc: .inf\nd: 010\ne: 0x1F\nf: 1.5": `{"a":15,"b":1000,"c":null,"d":10,"e":31,"f":1.5}`,
		"1: x\ntrue: y": `{"1":"x","true":"y"}`,
	} {
		if got := asJSON(t, parseYAML, source); got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
}

func TestYAMLSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		line   int
		want   string
	}{
		{"apps:\n\t- script: x", 2, "spaces, not tabs"},
		{"a: [1, 2\nb: 3", 2, "not valid YAML"},
		{"a: 1\nb: *nowhere", 0, "nowhere"},
		{"a: 1\n---\nb: 2", 2, "second YAML document"},
		{"a: 1\n<<: 5", 2, "merge"},
		{"a: !run x", 1, `the tag "!run"`},
		{"? [a]\n: b", 1, "a list as a key"},
		{"a: &a\n  b: *a", 0, "inside its own anchor"},
		{"a:\n  - b\n c: d", 3, "not valid YAML"},
		{"@", 1, "need quotes"},
	} {
		_, err := parseYAML([]byte(c.source))
		syntax, ok := err.(*syntaxError)
		if !ok || c.line != 0 && syntax.line != c.line || !strings.Contains(syntax.message, c.want) {
			t.Errorf("%q: got %+v, want line %d: …%s…", c.source, err, c.line, c.want)
		}
	}
}

// TestHostileFiles: what would take for ever or fill the memory is an error.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	merges := "m0: &m0 {k0: 1}\n"
	for i := range 20 {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
		merges += fmt.Sprintf("m%d: &m%d {<<: [*m%d, *m%d], k%d: 1}\n", i+1, i+1, i, i, i+1)
	}
	long := "t: &t '" + strings.Repeat("x", 1<<19) + "'\nl: [" + strings.Repeat("*t, ", 1000) + "]\n"
	for name, source := range map[string]string{
		"alias bomb":    bomb,
		"merge bomb":    merges,
		"long text":     long,
		"deep list":     strings.Repeat("[", MaxFileSize-1),
		"deep block":    strings.Repeat("- ", 9000),
		"deep mapping":  strings.Repeat("{a: ", 9000),
		"over the size": strings.Repeat("#", MaxFileSize+1),
		"many apps":     "[" + strings.Repeat("{},", 2*maxApps) + "]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, file := range []string{"x.yaml", "x.json"} {
				if f, err := Parse(file, []byte(source)); err == nil {
					_, _, err = f.Resolve(Options{Home: "/h"})
					if err == nil {
						t.Errorf("%s is accepted", file)
					}
				}
			}
		})
	}
}

func TestManyUnknownKeysAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "unknown_key_%d: 1\n", i)
	}
	f, err := Parse("x.yaml", []byte("script: x\n"+b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(failure(t, f.Strict())); n != maxProblems+1 {
		t.Errorf("got %d problems, want %d and a line that more are left out", n, maxProblems)
	}
}
