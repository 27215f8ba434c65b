package ipc

import (
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		frame string
		kind  kind
		msg   string
	}{
		{``, blank, ``},
		{" \t\r", blank, ``},
		{`"ready"`, user, `"ready"`},
		{"null\r", user, `null`},
		{`{"cmd":"other"}`, user, `{"cmd":"other"}`},
		{`{"cmd":"NODE_"}`, user, `{"cmd":"NODE_"}`},
		{`{"CMD":"NODE_CLUSTER"}`, user, `{"CMD":"NODE_CLUSTER"}`},
		{`{"cmd":["NODE_CLUSTER"]}`, user, `{"cmd":["NODE_CLUSTER"]}`},
		{`{"data":{"cmd":"NODE_CLUSTER"}}`, user, `{"data":{"cmd":"NODE_CLUSTER"}}`},
		{`"NODE_CLUSTER"`, user, `"NODE_CLUSTER"`},
		{"\"\xff\"", user, "\"\uFFFD\""},
		{`{"cmd":"NODE_CLUSTER","act":"online"}`, internal, ``},
		{`{"cmd":"NODE_HANDLE_ACK"}`, internal, ``},
		{`{"cmd":"NODE_HANDLE","type":"net.Server","msg":{"a":1}}`, handle, `{"a":1}`},
		{`{"cmd":"NODE_HANDLE","msg":{"cmd":"NODE_CLUSTER"}}`, handle, ``},
		{`{"cmd":"NODE_HANDLE"}`, handle, ``},
		{`{`, malformed, ``},
		{`ready`, malformed, ``},
		{`1 2`, malformed, ``},
		{"\x00", malformed, ``},
		{strings.Repeat("[", 100_000), malformed, ``},
	}
	for _, tt := range tests {
		kind, msg := classify([]byte(tt.frame))
		if kind != tt.kind || string(msg) != tt.msg {
			t.Errorf("classify(%.60q) = %d, %q, want %d, %q", tt.frame, kind, msg, tt.kind, tt.msg)
		}
	}
}

func TestIsReady(t *testing.T) {
	t.Parallel()
	for msg, want := range map[string]bool{
		`"ready"`: true, " \"ready\"\r": true,
		`ready`: false, `"READY"`: false, `"ready "`: false, `{"type":"ready"}`: false, `["ready"]`: false, ``: false,
	} {
		if got := IsReady([]byte(msg)); got != want {
			t.Errorf("IsReady(%q) = %t", msg, got)
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	for name, frame := range map[string]string{
		"ready":   `"ready"`,
		"metric":  `{"type":"axm:monitor","data":{"Heap Size":{"value":"9.2","unit":"MiB"}}}`,
		"cluster": `{"cmd":"NODE_CLUSTER","act":"online","seq":1}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				classify([]byte(frame))
			}
		})
	}
}
