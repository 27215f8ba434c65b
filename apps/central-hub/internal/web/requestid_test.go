package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/console/consoletest"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	engine := newEngine(RequestID, CORS, Body)
	Get(engine, "/", func(c *gin.Context) { JSON(c, http.StatusOK, struct{}{}) })
	long := strings.Repeat("x", maxRequestID)
	tests := map[string]struct {
		sent []string
		want string // empty: one of the hub's own
	}{
		"none":              {nil, ""},
		"UUID":              {[]string{"123e4567-e89b-12d3-a456-426614174000"}, "123e4567-e89b-12d3-a456-426614174000"},
		"base64, AWS":       {[]string{"Root=1-67891233:ab/C+d_e.f"}, "Root=1-67891233:ab/C+d_e.f"},
		"longest":           {[]string{long}, long},
		"too long":          {[]string{long + "x"}, ""},
		"empty":             {[]string{""}, ""},
		"space":             {[]string{"a b"}, ""},
		"quote":             {[]string{`a"b`}, ""},
		"escape sequence":   {[]string{"\x1b[2J"}, ""},
		"not ASCII":         {[]string{"ñ"}, ""},
		"two, so which one": {[]string{"a", "b"}, ""},
	}
	own := regexp.MustCompile(`^[89a-f][0-9a-f]{15}$`)
	for name, test := range tests {
		var header []string
		for _, id := range test.sent {
			header = append(header, "X-Request-Id", id)
		}
		got := do(engine, http.MethodGet, "/", nil, header...).Header["X-Request-Id"]
		if len(got) != 1 || (test.want != "" && got[0] != test.want) || (test.want == "" && !own.MatchString(got[0])) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	t.Parallel()
	if a, b := newRequestID(), newRequestID(); a == b {
		t.Errorf("got %s twice", a)
	}
}

// Also an answer that no handler gave has an id.
func TestRequestIDInEveryAnswer(t *testing.T) {
	t.Parallel()
	stderr := new(consoletest.Buffer)
	engine := newEngine(RequestID, Recover(console.New(nil, stderr)), CORS, Body)
	engine.NoRoute(NotFound)
	engine.GET("/panic", func(*gin.Context) { panic("boom") })
	tests := []struct {
		method, path, body string
		want               int
	}{
		{http.MethodGet, "/none", "", 404},
		{http.MethodOptions, "/none", "", 204},
		{http.MethodPost, "/none", "{", 400},
		{http.MethodGet, "/panic", "", 500},
	}
	for _, test := range tests {
		r := do(engine, test.method, test.path, strings.NewReader(test.body), "X-Request-Id", "abc", "Content-Type", "application/json")
		if r.StatusCode != test.want || r.Header.Get("X-Request-Id") != "abc" {
			t.Errorf("%s %s: got %d, %v", test.method, test.path, r.StatusCode, r.Header)
		}
	}
	if log := stderr.String(); !strings.HasPrefix(log, "❌ UNCAUGHT EXCEPTION: boom\ngoroutine ") || !strings.HasSuffix(log, "\nX-Request-Id: abc\n") {
		t.Errorf("printed %s", log)
	}
}

func BenchmarkRequestID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newRequestID()
	}
}
