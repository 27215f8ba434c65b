package e2e

import (
	"reflect"
	"testing"
)

func TestBlocksOf(t *testing.T) {
	t.Parallel()
	const page = "# A\n```sh\none\n```\nwords\n```text\nx\n```\n```text\nnot its own\n```\n" +
		"## B `c`\n- [ ] item\n\n  ```sh fails needs=ss\n  two\n    three\n  ```\n" +
		"```console\n$ read\n```\n```text\nnobody's\n```\n```sh\nfour\n```\n"
	want := []block{
		{2, "A", []string{}, "one\n", "text", "x\n"},
		{15, "B `c`", []string{"fails", "needs=ss"}, "two\n  three\n", "none", ""},
		{25, "B `c`", []string{}, "four\n", "", ""},
	}
	got, err := blocksOf(page)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if value, ok := got[1].flag("needs"); value != "ss" || !ok {
		t.Errorf("needs: %q, %v", value, ok)
	}
	if _, err := blocksOf("```sh\none\n"); err == nil {
		t.Error("a block without an end passes")
	}
}

func TestBlockCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lang, want, output string
		fits               bool
	}{
		{"", "", "anything", true},
		{"none", "x\n", "anything", true},
		{"text", "", "", true},
		{"text", "", "x\n", false},
		{"text", "a\nb\n", "a\nb", true},
		{"text", "a\nb\n", "a \nb\n", true},
		{"text", "a\n", "a\nb\n", false},
		{"text", "a…c\n", "abc\n", true},
		{"text", "a…c\n", "ab\nc\n", false},
		{"text", "a.c\n", "abc\n", false},
		{"text", "…\nb\n…\n", "b\n", true},
		{"text", "…\nb\n…\n", "a\na\nb\nc\n", true},
		{"text", "…\nb\n…\n", "a\nbb\n", false},
		{"json", `{"a": 1.5, "b": "x 7"}`, `{"a":2,"b":"x 12"}`, true},
		{"json", `{"a": 1, "b": "x"}`, `{"b":"x","a":1}`, false},
		{"json", `{"a": 1}`, `{"a":null}`, false},
		{"json", `{"a": 1}`, `{"a":1} x`, false},
	}
	for _, test := range tests {
		b := block{lang: test.lang, want: test.want}
		if err := b.check(test.output); (err == nil) != test.fits {
			t.Errorf("%s %q, output %q: %v", test.lang, test.want, test.output, err)
		}
	}
}

func TestBlockLooks(t *testing.T) {
	t.Parallel()
	for commands, want := range map[string]bool{
		"hubctl logs hubd --nostream\ncurl -sS http://localhost/\n": true,
		"hubctl show api | grep memory\n":                           true,
		"hubctl logs hubd --nostream\nhubctl restart api\n":         false,
		"hubctl\n": false,
	} {
		if got := (block{commands: commands}).looks(); got != want {
			t.Errorf("%q: got %v", commands, got)
		}
	}
}
