package logs

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestFrame(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		state lineState
		data  string
		tail  bool
		out   string
		taken int
		next  lineState
	}{
		{"nothing", lineStart, "", true, "", 0, lineStart},
		{"one line", lineStart, "a\n", false, "1: a\n", 2, lineStart},
		{"the first has a stamp of its own", lineStart, "a\nb\nc\n", false, "1: a\n2: b\n2: c\n", 6, lineStart},
		{"empty lines", lineStart, "\n\n", false, "1: \n2: \n", 2, lineStart},
		{"carriage return", lineStart, "a\r\n", false, "1: a\r\n", 3, lineStart},
		{"a bare carriage return ends nothing", lineStart, "a\rb\n", false, "1: a\rb\n", 4, lineStart},
		{"NUL and invalid UTF-8", lineStart, "\x00\xff\xfe\n", false, "1: \x00\xff\xfe\n", 4, lineStart},
		{"rest stays", lineStart, "a\nb", false, "1: a\n", 2, lineStart},
		{"rest stays behind a line", lineStart, "a\nb", true, "1: a\n", 2, lineStart},
		{"partial stays", lineStart, "b", false, "", 0, lineStart},
		{"partial taken", lineStart, "b", true, "1: b", 1, lineOpen},
		{"rest of a line", lineOpen, "c\nd\n", false, "c\n2: d\n", 4, lineStart},
		{"only the end of a line", lineOpen, "\n", false, "\n", 1, lineStart},
		{"still no end", lineOpen, "c", true, "c", 1, lineOpen},
		{"cut line goes on", lineCut, "c\nd\n", false, "1: [continued] c\n2: d\n", 4, lineStart},
		{"cut line without end", lineCut, "c", true, "1: [continued] c", 1, lineOpen},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, taken, next := tt.state.frame(make([]byte, 0, 100), []byte(tt.data), []byte("1: "), []byte("2: "), tt.tail)
			if string(out) != tt.out || taken != tt.taken || next != tt.next {
				t.Errorf("got %q, %d, %d, want %q, %d, %d", out, taken, next, tt.out, tt.taken, tt.next)
			}
			if tt.state == lineCut || len(tt.data) == 0 {
				return
			}
			// Without stamps, plain must agree.
			out, taken, next = tt.state.frame(make([]byte, 0, 100), []byte(tt.data), nil, nil, tt.tail)
			pout, ptaken, pnext := tt.state.plain([]byte(tt.data), tt.tail)
			if !bytes.Equal(out, pout) || taken != ptaken || next != pnext {
				t.Errorf("plain gives %q, %d, %d, want %q, %d, %d", pout, ptaken, pnext, out, taken, next)
			}
		})
	}
}

func TestFrameStopsAtItsCapacity(t *testing.T) {
	t.Parallel()
	data := []byte("first\nsecond\n")
	out, taken, _ := lineStart.frame(make([]byte, 0, len("S: first\n")+len(Continued)), data, []byte("S: "), []byte("S: "), false)
	if string(out) != "S: first\n" || taken != len("first\n") {
		t.Errorf("got %q, %d", out, taken)
	}
}

// reference is what a file must hold for a stream, however it came in pieces.
func reference(stamp string, text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		out = append(append(out, stamp...), line...)
	}
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return out
}

func FuzzSplitter(f *testing.F) {
	f.Add([]byte("a\nbb\r\n\n\xff\x00\nend"), []byte{1, 2, 130, 0, 3}, "T: ")
	f.Add([]byte(strings.Repeat("long ", 100)+"\n"), []byte{200, 7}, "")
	f.Add([]byte("\n\n\n"), []byte{129}, "2026-01-01: ")
	f.Fuzz(func(t *testing.T, text, steps []byte, stamp string) {
		if len(steps) == 0 || strings.Contains(stamp, "\n") || len(stamp) > 64 {
			return
		}
		var file []byte
		state, rest, peek := lineStart, text, 0
		buf := make([]byte, 0, 256+len(stamp)+len(Continued))
		for i := 0; len(rest) > 0; i++ {
			step := steps[i%len(steps)]
			// A peek that got nowhere sees more the next time.
			peek += int(step&127) + 1
			n := min(peek, len(rest), 256)
			tail := step&128 != 0 || n == 256 || n == len(rest)
			out, taken, next := state.frame(buf, rest[:n], []byte(stamp), []byte(stamp), tail)
			file, rest, state = append(file, out...), rest[taken:], next
			if taken > 0 {
				peek = 0
			}
		}
		if state == lineOpen {
			file = append(file, '\n')
		}
		if want := reference(stamp, text); !bytes.Equal(file, want) {
			t.Errorf("file holds %q, want %q", file, want)
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	data := bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), chunkSize/100)
	stamp := []byte("2026-01-31 12:00:00.000 +00:00: ")
	out := make([]byte, 0, outSize)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, n, _ := lineStart.frame(out, data, stamp, stamp, false); n != len(data) {
			b.Fatal(fmt.Sprint(n, " bytes framed"))
		}
	}
}
