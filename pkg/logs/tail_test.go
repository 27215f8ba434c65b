package logs

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// simpleTail does what Tail does, the plain way.
func simpleTail(text []byte, n int) (lines []string, next int64) {
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	for line := range bytes.Lines(text) {
		lines = append(lines, string(bytes.TrimSuffix(line, newline)))
	}
	return lines[max(0, len(lines)-n):], int64(len(text))
}

func TestTailIsAsTheSimpleOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.log")
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var text []byte
		for range random.IntN(40) {
			size := random.IntN(100)
			if random.IntN(10) == 0 {
				size = random.IntN(50_000)
			}
			text = append(text, bytes.Repeat([]byte{byte('a' + random.IntN(26))}, size)...)
			text = append(text, '\n')
		}
		if random.IntN(3) == 0 {
			text = append(text, "without end"...)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		n, end := random.IntN(50)-1, random.IntN(len(text)+1)
		want, wantNext := simpleTail(text[:end], max(n, 0))
		lines, next, err := Tail(path, n, int64(end))
		if err != nil {
			t.Fatal(err)
		}
		if next != wantNext || len(lines) != len(want) {
			t.Fatalf("round %d: %d lines, next %d, want %d and %d", round, len(lines), next, len(want), wantNext)
		}
		for i, line := range lines {
			if string(line.Text) != want[i] || line.Partial {
				t.Fatalf("round %d: line %d is %q, want %q", round, i, abridge(string(line.Text)), abridge(want[i]))
			}
		}
		if len(lines) > 0 && lines[len(lines)-1].Position != next {
			t.Fatalf("round %d: last position %d, next %d", round, lines[len(lines)-1].Position, next)
		}
	}
}

func TestTailOfHugeLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.log")
	exact := strings.Repeat("e", MaxLine)
	huge := strings.Repeat("h", 2*MaxLine+5)
	if err := os.WriteFile(path, []byte("first\n"+exact+"\n"+huge+"\nlast\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines, _, err := Tail(path, 3, -1)
	if err != nil {
		t.Fatal(err)
	}
	want := []Line{
		{Text: []byte(exact)},
		{Text: []byte(huge[:MaxLine]), Partial: true},
		{Text: []byte(huge[:MaxLine]), Partial: true},
		{Text: []byte("hhhhh")},
		{Text: []byte("last")},
	}
	if len(lines) != len(want) {
		t.Fatalf("%d pieces, want %d", len(lines), len(want))
	}
	for i, line := range lines {
		if !bytes.Equal(line.Text, want[i].Text) || line.Partial != want[i].Partial {
			t.Errorf("piece %d: %d bytes, partial %v; want %d, %v", i, len(line.Text), line.Partial, len(want[i].Text), want[i].Partial)
		}
	}
}

func TestTailErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, _, err := Tail(filepath.Join(dir, "none"), 1, -1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, _, err := Tail(dir, 1, -1); err == nil {
		t.Error("a folder has a tail")
	}
	if _, _, err := Tail("/dev/zero", 1, -1); err == nil {
		t.Error("/dev/zero has a tail")
	}
}

func BenchmarkTail(b *testing.B) {
	path := filepath.Join(b.TempDir(), "out.log")
	if err := os.WriteFile(path, bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), 100_000), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if lines, _, err := Tail(path, 15, -1); err != nil || len(lines) != 15 {
			b.Fatal(len(lines), err)
		}
	}
}
