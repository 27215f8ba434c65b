package daemon

import (
	"bufio"
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/leadmaster/hub/pkg/spec"
)

// thousand is a daemon with 1,000 apps that are down, and a connection to it.
func thousand(b *testing.B) *dialog {
	b.Helper()
	r := serve(b)
	var specs []spec.Spec
	for n := range 1000 {
		specs = append(specs, r.app(fmt.Sprintf("service-%03d", n), idle, func(s *spec.Spec) { s.Autostart = false }))
	}
	r.begin(specs...)
	l := r.connect()
	if err := l.SetDeadline(time.Time{}); err != nil {
		b.Fatal(err)
	}
	l.in = bufio.NewReaderSize(l.Conn, 1<<20) // more than a reply
	return l
}

// call makes a call with "more" and reads all replies, without looking at them.
func (l *dialog) call(b *testing.B, method string) {
	l.send(fmt.Sprintf(`{"method":%q,"parameters":{},"more":true}`, full(method)))
	for {
		text, err := l.in.ReadSlice(0)
		if err != nil {
			b.Fatal(err)
		}
		if !bytes.Contains(text, []byte(`"continues":true`)) {
			return
		}
	}
}

// BenchmarkList is what 1,000 rows cost the daemon, over its socket.
func BenchmarkList(b *testing.B) { benchmarkReplies(b, "List") }

// BenchmarkProcesses is the same for jlist.
func BenchmarkProcesses(b *testing.B) { benchmarkReplies(b, "Processes") }

func benchmarkReplies(b *testing.B, method string) {
	l := thousand(b)
	b.ReportAllocs()
	for b.Loop() {
		l.call(b, method)
	}
}
