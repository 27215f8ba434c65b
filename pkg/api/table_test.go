package api

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

func tableReplies() []ListReply {
	plain := Row{ID: 1, Name: "api", Namespace: "default", Version: "1.2.3", Instance: 2, Mode: "fork", PID: 4711, Uptime: 1 << 40,
		Restarts: 3, Status: StatusOnline, NotReady: true, CPU: 12.5, Memory: 1 << 33, User: "root", Watching: true}
	odd := Row{Name: "quo\"te \\ \x1b[2J ü 漢 <&>\u2028", Version: "\x00\x7f", CPU: 1e-7, PID: -1}
	return []ListReply{
		{Rows: []Row{}},
		{Rows: []Row{plain}},
		{Rows: []Row{plain, {}, plain}, Host: &Host{CPU: 0.1, MemoryUsed: 1 << 55, MemoryTotal: -1, Load: []float64{1, 0.25, 1e6}}},
		{Rows: []Row{plain}, Problems: []string{"dump.json is \"damaged\"", ""}},
		{Rows: []Row{odd, plain}, Host: &Host{MemoryUsed: math.MaxInt64, Load: []float64{}}},
	}
}

// What AppendList writes is what encoding/json reads, and what the reader of
// rows reads where it doesn't leave it to that.
func TestTableMessages(t *testing.T) {
	t.Parallel()
	for n, want := range tableReplies() {
		for _, continues := range []bool{false, true} {
			message := want.AppendList(nil, continues)
			if message[len(message)-1] != 0 {
				t.Errorf("reply %d has no NUL at its end", n)
			}
			message = message[:len(message)-1]
			var read struct {
				Parameters ListReply `json:"parameters"`
				Continues  bool      `json:"continues"`
			}
			if err := json.Unmarshal(message, &read); err != nil {
				t.Fatalf("%s: %v", message, err)
			}
			if read.Continues != continues || !reflect.DeepEqual(read.Parameters, want) {
				t.Errorf("reply %d: encoding/json reads %+v, want %+v", n, read, want)
			}
			var reader rowReader
			got, err := ListReply{}, error(nil)
			more, err := listReply(&reader, message, func(r *ListReply) { got = *r })
			if err != nil || more != continues || len(got.Rows) != len(want.Rows) || len(got.Rows) > 0 && !reflect.DeepEqual(got.Rows, want.Rows) {
				t.Errorf("reply %d: read as %+v, %v, want %+v", n, got, err, want)
			}
		}
	}
	var reader rowReader
	message := tableReplies()[2].AppendList(nil, false)
	if _, ok := reader.reply(message[:len(message)-1], &ListReply{}); !ok {
		t.Errorf("the reader gives up on %s", message)
	}
}

func TestTableErrors(t *testing.T) {
	t.Parallel()
	var reader rowReader
	_, err := listReply(&reader, []byte(`{"error":"com.leadmaster.hub.NotFound","parameters":{"message":"Process x not found"}}`), nil)
	if e, ok := err.(*Error); !ok || e.Code != CodeNotFound || e.Message != "Process x not found" {
		t.Errorf("%#v", err)
	}
	for _, text := range []string{``, `{`, `[]`, `{"parameters":{"rows":[{"id":"x"}]}}`, `{"parameters":{"rows":[{}]}`} {
		if _, err := listReply(&reader, []byte(text), func(*ListReply) {}); err == nil {
			t.Errorf("%q is read without an error", text)
		}
	}
}

// FuzzRowReader holds the reader against encoding/json: what it reads, that
// reads, and the same.
func FuzzRowReader(f *testing.F) {
	for _, reply := range tableReplies() {
		message := reply.AppendList(nil, true)
		f.Add(message[:len(message)-1])
	}
	for _, text := range []string{
		`{"parameters":{"rows":[{"id":01}]}}`, `{"parameters":{"rows":[{"cpu":1.}]}}`, `{"parameters":{"rows":[{"cpu":-.5,"id":1-2}]}}`,
		`{"parameters":{"rows":[{"id":1.5}]}}`, `{"parameters":{"rows":[],"host":{"load":[1,2]}},"continues":true}`, `{"continues":falsetrue}`, `{"parameters":{},"parameters":{"rows":[{}]}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		var reader rowReader
		var got, want ListReply
		continues, ok := reader.reply(message, &got)
		if !ok {
			return
		}
		var read struct {
			Parameters *ListReply `json:"parameters"`
			Continues  bool       `json:"continues"`
		}
		read.Parameters = &want
		if err := json.Unmarshal(message, &read); err != nil {
			t.Fatalf("%q: encoding/json says %v", message, err)
		}
		if read.Continues != continues || len(got.Rows) != len(want.Rows) {
			t.Fatalf("%q: %+v, want %+v", message, got, want)
		}
		for i := range got.Rows {
			if got.Rows[i] != want.Rows[i] {
				t.Fatalf("%q: %+v, want %+v", message, got, want)
			}
		}
	})
}

func BenchmarkAppendList(b *testing.B) {
	reply := tableReplies()[1]
	for len(reply.Rows) < 100 {
		reply.Rows = append(reply.Rows, reply.Rows[0])
	}
	var message []byte
	b.ReportAllocs()
	for b.Loop() {
		message = reply.AppendList(message[:0], false)
	}
	b.SetBytes(int64(len(message)))
}

func BenchmarkRowReader(b *testing.B) {
	reply := tableReplies()[1]
	for len(reply.Rows) < 100 {
		reply.Rows = append(reply.Rows, reply.Rows[0])
	}
	message := reply.AppendList(nil, false)
	message = message[:len(message)-1]
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		var reader rowReader
		if _, ok := reader.reply(message, &ListReply{}); !ok {
			b.Fatal("given up")
		}
	}
}
