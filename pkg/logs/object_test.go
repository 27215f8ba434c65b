package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// object is what a program reads of a line.
type object struct {
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
	Type      string `json:"type"`
	ID        int    `json:"process_id"`
	App       string `json:"app_name"`
}

// objects reads a file of objects, one a line.
func objects(t testing.TB, text string) []object {
	t.Helper()
	var all []object
	for line := range strings.Lines(text) {
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		var o object
		if err := dec.Decode(&o); err != nil {
			t.Fatalf("line %s: %v", abridge(line), err)
		}
		if _, err := dec.Token(); err != io.EOF || !strings.HasSuffix(line, "}\n") {
			t.Fatalf("line %s is more or less than an object", abridge(line))
		}
		if len(line) > MaxLine {
			t.Fatalf("an object of %d bytes", len(line))
		}
		all = append(all, o)
	}
	return all
}

func messages(t testing.TB, text string) []string {
	t.Helper()
	var all []string
	for _, o := range objects(t, text) {
		all = append(all, o.Message)
	}
	return all
}

func TestObjectLine(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.source(Source{Path: "out.log", Stamp: `[at "noon"]`, Object: &Object{Type: "err", ID: 7, App: `a "b" é`}})
	s.write("say \"hi\"\\\t\x01\r\nnext\n")
	s.finish()
	const end = `","timestamp":"at \"noon\"","type":"err","process_id":7,"app_name":"a \"b\" é"}` + "\n"
	f.want("out.log", `{"message":"say \"hi\"\\\t\u0001\r`+end+`{"message":"next`+end)
}

func TestObjectTime(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.source(Source{Path: "out.log", Object: &Object{Type: "out", App: "app"}})
	before := time.Now().Truncate(time.Millisecond)
	s.write("x\n")
	s.finish()
	stamp := objects(t, f.read("out.log"))[0].Timestamp
	when, err := time.Parse("2006-01-02T15:04:05.000Z", stamp)
	if err != nil || when.Before(before) || when.After(time.Now()) {
		t.Errorf("timestamp %q (%v)", stamp, err)
	}
}

// asRead is what is left of text in JSON: bytes that are no runes become U+FFFD.
func asRead(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteRune(r)
	}
	return b.String()
}

func TestObjectsKeepLines(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"lines":           "one\ntwo\n",
		"no end":          "one\ntwo",
		"empty lines":     "\n\n\n",
		"crlf":            "one\r\ntwo\r\n",
		"controls":        "\x00\x1f\x7f\x1b[2J\n",
		"invalid":         "\xff\xfe\n\xc3",
		"cut rune":        "a\xe2\x82\nb\n",
		"many short":      strings.Repeat("\n", 3*chunkSize),
		"lines of 5 KiB":  strings.Repeat(strings.Repeat("k", 5<<10)+"\n", 100),
		"worst to escape": strings.Repeat(strings.Repeat("\x01", 300)+"\n", 500),
		"exactly a piece": strings.Repeat("p", maxPiece) + "\n" + strings.Repeat("q", maxPiece+1) + "\nend\n",
		"exactly a chunk": strings.Repeat("a", chunkSize-1) + "\nb\n",
		"200 KiB":         strings.Repeat("é€😀x", 20<<10) + "\nnext\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			s := f.source(Source{Path: "out.log", Object: &Object{}})
			s.write(text)
			s.finish()
			var want []string
			for line := range strings.Lines(text) {
				want = append(want, asRead(strings.TrimSuffix(line, "\n")))
			}
			got := messages(t, f.read("out.log"))
			if len(got) != len(want) {
				t.Fatalf("%d messages, want %d", len(got), len(want))
			}
			for n := range want {
				if got[n] != want[n] {
					t.Fatalf("message %d is %s, want %s", n, abridge(got[n]), abridge(want[n]))
				}
			}
		})
	}
}

// A line beyond every limit becomes several objects, and readers get each whole.
func TestLongLineIsSeveralObjects(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"plain":   strings.Repeat("x", 3<<20),
		"runes":   strings.Repeat("€", 1<<20),
		"escaped": strings.Repeat("\x02", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			s := f.source(Source{Path: "out.log", Object: &Object{}})
			s.write(text + "\nnext\n")
			s.finish()
			got := messages(t, f.read("out.log"))
			if len(got) < 3 || got[len(got)-1] != "next" {
				t.Fatalf("%d messages", len(got))
			}
			whole := got[0]
			for _, m := range got[1 : len(got)-1] {
				rest, ok := strings.CutPrefix(m, Continued)
				if !ok {
					t.Fatalf("a piece is not marked: %s", abridge(m))
				}
				whole += rest
			}
			if whole != text {
				t.Errorf("the pieces make %d bytes, want %d: %s", len(whole), len(text), abridge(whole))
			}
		})
	}
}

func TestObjectIsWrittenWhenItsLineHasAnEnd(t *testing.T) {
	t.Parallel()
	f := start(t, func(l *Loop) { l.timing.partial = 0 })
	s := f.source(Source{Path: "out.log", Object: &Object{}})
	other := f.stream("other.log", "")
	s.write("half \xe2\x82") // of €
	for range 20 {           // turns in which it could be written
		other.write("x\n")
		other.sync()
	}
	f.want("out.log", "")
	s.write("\xac of it\n")
	s.finish()
	if got := messages(t, f.read("out.log")); len(got) != 1 || got[0] != "half € of it" {
		t.Errorf("messages %q", got)
	}
}

// A Sync writes what there is; the object goes on, and is one in the end, with
// the time of its start.
func TestSyncOfAnOpenObject(t *testing.T) {
	t.Parallel()
	f := start(t)
	s := f.source(Source{Path: "out.log", Stamp: "SSS", Object: &Object{}})
	s.write("panic: ")
	s.sync()
	f.want("out.log", `{"message":"panic: `)
	s.write("at the ")
	s.sync()
	s.write("disco\nnext\n")
	s.finish()
	if got := messages(t, f.read("out.log")); len(got) != 2 || got[0] != "panic: at the disco" || got[1] != "next" {
		t.Errorf("messages %q", got)
	}
}

func TestOpenObjectIsEnded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*fixture, *stream){
		"end of file": func(_ *fixture, s *stream) { s.finish() },
		"close":       func(f *fixture, s *stream) { s.in.Close(); receive(f, s.in.Done()) },
		"another stream": func(f *fixture, s *stream) {
			o := f.source(Source{Path: "out.log", Object: &Object{Type: "err"}})
			o.write("next\n")
			o.sync()
		},
		"reopen": func(f *fixture, _ *stream) {
			if err := f.Reopen(f.context(), f.path("out.log")); err != nil {
				f.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, func(l *Loop) { l.timing.open = time.Millisecond })
			s := f.source(Source{Path: "out.log", Object: &Object{Type: "out"}})
			s.write("begun")
			s.sync()
			end(f, s)
			if got := objects(t, f.read("out.log")); got[0].Message != "begun" || got[0].Type != "out" {
				t.Errorf("objects %v", got)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	f.Add([]byte("\x00\"\\\xff\xe2\x82é€\t\r\x7f\u2028"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var got string
		b := append(appendEscaped([]byte{'"'}, text), '"')
		if err := json.Unmarshal(b, &got); err != nil || !utf8.Valid(b) {
			t.Fatalf("%q: %v", b, err)
		}
		if got != asRead(string(text)) {
			t.Errorf("%q is read as %q", text, got)
		}
	})
}

// FuzzObjectSplitter cuts text at arbitrary places; the objects must not show it.
func FuzzObjectSplitter(f *testing.F) {
	f.Add([]byte("a\nbb\r\n\n\xff\x00\nend €"), []byte{1, 2, 130, 0, 3})
	f.Add([]byte(strings.Repeat("€", 100)+"\n"), []byte{200, 7})
	f.Add([]byte("\n\n\n"), []byte{129})
	f.Fuzz(func(t *testing.T, text, steps []byte) {
		if len(steps) == 0 {
			return
		}
		var file []byte
		state, rest, peek := lineStart, text, 0
		buf := make([]byte, 0, 4096)
		end := []byte("\"}\n")
		for i := 0; len(rest) > 0; i++ {
			step := steps[i%len(steps)]
			peek += int(step&127) + 1
			n := min(peek, len(rest), 256)
			c := cutNowhere
			switch {
			case n == len(rest):
				c = cutAnywhere
			case step&128 != 0 || n == 256:
				c = cutBetweenRunes
			}
			out, taken, next := state.objects(buf, rest[:n], end, end, c)
			file, rest, state = append(file, out...), rest[taken:], next
			if taken > 0 {
				peek = 0
			}
		}
		if state == lineOpen {
			file = append(file, end...)
		}
		var want []string
		for line := range bytes.Lines(text) {
			want = append(want, asRead(strings.TrimSuffix(string(line), "\n")))
		}
		if got := messages(t, string(file)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("messages %q, want %q", got, want)
		}
	})
}

func BenchmarkObjects(b *testing.B) {
	data := bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), chunkSize/100)
	end := []byte(`","timestamp":"2026-01-31T12:00:00.000Z","type":"out","process_id":0,"app_name":"x"}` + "\n")
	out := make([]byte, 0, outSize)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, n, _ := lineStart.objects(out, data, end, end, cutNowhere); n != len(data) {
			b.Fatal(n, " bytes framed")
		}
	}
}
