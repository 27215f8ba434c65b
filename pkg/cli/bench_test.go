package cli

import (
	"fmt"
	"io"
	"strconv"
	"testing"

	"github.com/leadmaster/hub/pkg/api"
)

func manyRows(n int) []api.Row {
	rows := make([]api.Row, n)
	for i := range rows {
		rows[i] = api.Row{
			ID: i, Name: fmt.Sprintf("service-%03d", i), Namespace: "default", Version: "1.0.0", Mode: "fork", PID: 1000 + i,
			Uptime: 12345, Status: api.StatusOnline, CPU: 0.3, Memory: 32505856, User: "root",
		}
	}
	return rows
}

// BenchmarkList is the whole command against a daemon that answers at once.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			p, _ := newFake(b, map[string]answer{"List": replies(api.ListReply{Rows: manyRows(n)})})
			p.sys.Stdout = io.Discard
			b.ReportAllocs()
			for b.Loop() {
				if Main(b.Context(), []string{"list"}, p.sys) != 0 {
					b.Fatal("list failed")
				}
			}
		})
	}
}

func BenchmarkTable(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			rows := manyRows(n)
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf = appendTable(buf[:0], rows, terminal{width: 120, colour: true})
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkHarmless(b *testing.B) {
	line := "GET /api/v1/things 200 12ms user=42 \x1b[32mok\x1b[0m"
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		harmless(line, true)
	}
}
