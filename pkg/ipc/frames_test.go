package ipc

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// feed pushes data through in pieces and returns copies of the frames.
func feed(f *frames, data []byte, piece int) (got []string, overlong int) {
	for len(data) > 0 {
		n := copy(f.room(0), data[:min(piece, len(data), minRead)])
		f.add(n)
		data = data[n:]
		for frame, ok := f.next(); ok; frame, ok = f.next() {
			got = append(got, string(frame))
		}
		if f.rest() != nil {
			overlong++
		}
	}
	return got, overlong
}

func TestFramesAreTheSameHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	const stream = "\"ready\"\n\n{\"a\":\"é\"}\r\n1\n[1,2,3]\nunfinished"
	want := []string{`"ready"`, "", "{\"a\":\"é\"}\r", "1", "[1,2,3]"}
	for i := range len(stream) + 1 {
		for j := i; j <= len(stream); j++ {
			var f frames
			var got []string
			for _, part := range []string{stream[:i], stream[i:j], stream[j:]} {
				frames, _ := feed(&f, []byte(part), len(stream))
				got = append(got, frames...)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("cut at %d and %d: %q, want %q", i, j, got, want)
			}
			if string(f.buf) != "unfinished" {
				t.Fatalf("cut at %d and %d: kept %q", i, j, f.buf)
			}
		}
	}
}

func TestFramesHoldNoMemoryWhenIdle(t *testing.T) {
	t.Parallel()
	var f frames
	feed(&f, []byte(lines(1000, `{"a":1}`)), minRead)
	if f.buf != nil {
		t.Errorf("%d bytes are held between frames", cap(f.buf))
	}
	feed(&f, []byte(strings.Repeat("x", maxFrame)+"\n{"), minRead)
	if string(f.buf) != "{" || cap(f.buf) > 4*minRead {
		t.Errorf("%d bytes are held for the frame %q", cap(f.buf), f.buf)
	}
}

func TestOverlongFrameIsDroppedAndTheNextOneIsNot(t *testing.T) {
	t.Parallel()
	var f frames
	longest := strings.Repeat("a", maxFrame)
	got, overlong := feed(&f, []byte(longest+"\n1\n"), minRead)
	if len(got) != 2 || got[0] != longest || got[1] != "1" || overlong != 0 {
		t.Fatalf("a frame of the greatest length: %d frames, %d overlong", len(got), overlong)
	}
	for range 3 {
		got, overlong = feed(&f, bytes.Repeat([]byte("a"), 2*maxFrame), minRead)
		if len(got) != 0 || f.buf != nil {
			t.Fatalf("%d frames, %d bytes held inside an endless frame", len(got), cap(f.buf))
		}
	}
	if overlong != 0 {
		t.Error("one endless frame was reported more than once")
	}
	got, _ = feed(&f, []byte("rest\n\"ready\"\n"), 3)
	if !slices.Equal(got, []string{`"ready"`}) {
		t.Errorf("after the endless frame: %q", got)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("\"ready\"\n{\"cmd\":\"NODE_HANDLE\",\"msg\":1}\n"), 1)
	f.Add([]byte("\n\n\r\n{"), 2)
	f.Add([]byte(`{"cmd":"NODE_HANDLE","msg":{"cmd":"NODE_X"}}`+"\n"), 7)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		piece = max(1, piece)
		var fr frames
		got, _ := feed(&fr, data, piece)
		whole := strings.Split(string(data), "\n")
		if want := whole[:len(whole)-1]; !slices.Equal(got, want) {
			t.Fatalf("frames %q, want %q", got, want)
		}
		if open := whole[len(whole)-1]; string(fr.buf) != open {
			t.Fatalf("kept %q, want %q", fr.buf, open)
		}
		for _, frame := range got {
			kind, msg := classify([]byte(frame))
			if kind == user && len(msg) == 0 {
				t.Fatalf("classify(%q): a message without text", frame)
			}
			if kind != user && kind != handle && msg != nil {
				t.Fatalf("classify(%q) = %d, %q", frame, kind, msg)
			}
		}
	})
}

func BenchmarkFramesSmall(b *testing.B) {
	benchmarkFrames(b, []byte(lines(1000, `{"type":"process:msg","data":{"success":true}}`)))
}

func BenchmarkFrameOfOneMebibyte(b *testing.B) {
	benchmarkFrames(b, append(bytes.Repeat([]byte("a"), 1<<20), '\n'))
}

func benchmarkFrames(b *testing.B, stream []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		var f frames
		for data := stream; len(data) > 0; {
			n := copy(f.room(len(data)), data)
			f.add(n)
			data = data[n:]
			for _, ok := f.next(); ok; _, ok = f.next() {
			}
			f.rest()
		}
	}
}
