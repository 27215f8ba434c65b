package logs

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkFlood carries chunks of 100-byte lines from a pipe of 1 MiB into a
// file, each line with its stamp. An op is a chunk.
func BenchmarkFlood(b *testing.B) {
	f := start(b)
	s := f.stream("flood.log", "YYYY-MM-DD HH:mm:ss.SSS Z")
	// Where a larger pipe is not allowed, the default one is measured.
	_, _ = unix.FcntlInt(s.w.Fd(), unix.F_SETPIPE_SZ, 1<<20)
	text := strings.Repeat(strings.Repeat("x", 99)+"\n", chunkSize/100)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s.write(text)
	}
	s.finish()
}
