package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

func newEngine(middleware ...gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(middleware...)
	return engine
}

// do runs one request, given as in http.NewRequest, through handler.
func do(handler http.Handler, method, target string, body io.Reader, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, body)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestJSONIsCompactAndLeavesURLs(t *testing.T) {
	t.Parallel()
	engine := newEngine()
	Get(engine, "/", func(c *gin.Context) { JSON(c, http.StatusTeapot, map[string]string{"url": "/a?b=1&c=<d>"}) })
	r := do(engine, http.MethodGet, "/", nil)
	if got, want := text(t, r), `{"url":"/a?b=1&c=<d>"}`; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if got := r.Header.Get("Content-Type"); r.StatusCode != http.StatusTeapot || got != contentTypeJSON {
		t.Errorf("got %d, %s", r.StatusCode, got)
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", -3*60*60)
	tests := map[string]time.Time{
		"2026-01-05T10:00:00.000Z": time.Date(2026, 1, 5, 7, 0, 0, 0, zone),
		"2026-01-05T10:00:00.120Z": time.Date(2026, 1, 5, 10, 0, 0, 120_999_999, time.UTC),
	}
	for want, instant := range tests {
		if got := Timestamp(instant); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	engine := newEngine(CORS)
	engine.POST("/there", func(c *gin.Context) { c.Status(http.StatusAccepted) })

	r := do(engine, http.MethodPost, "/there", nil)
	if r.StatusCode != http.StatusAccepted || r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("POST: %d, %v", r.StatusCode, r.Header)
	}
	if r.Header.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("an ordinary answer lists methods: %v", r.Header)
	}
	for _, target := range []string{"/there", "/nowhere", "*"} {
		r := do(engine, http.MethodOptions, target, nil, "Access-Control-Request-Headers", "authorization,x-cliente-id")
		if r.StatusCode != http.StatusNoContent || text(t, r) != "" {
			t.Errorf("OPTIONS %s: %d", target, r.StatusCode)
		}
		want := http.Header{
			"Access-Control-Allow-Origin":  {"*"},
			"Access-Control-Allow-Methods": {"GET,HEAD,PUT,PATCH,POST,DELETE"},
			"Access-Control-Allow-Headers": {"authorization,x-cliente-id"},
			"Vary":                         {"Access-Control-Request-Headers"},
		}
		if len(r.Header) != len(want) {
			t.Errorf("OPTIONS %s: headers %v, want %v", target, r.Header, want)
		}
		for name := range want {
			if r.Header.Get(name) != want.Get(name) {
				t.Errorf("OPTIONS %s: %s is %q, want %q", target, name, r.Header.Get(name), want.Get(name))
			}
		}
	}
	r = do(engine, http.MethodOptions, "/there", nil)
	if _, echoed := r.Header["Access-Control-Allow-Headers"]; echoed {
		t.Errorf("headers allowed that nobody asked for: %v", r.Header)
	}
}

func TestNotFoundNamesTheURLAsWritten(t *testing.T) {
	t.Parallel()
	engine := newEngine()
	engine.NoRoute(NotFound)
	r := do(engine, http.MethodDelete, "/api/a%20b?q=%22x%22&r=<1>", nil)
	got := text(t, r)
	want := `{"error":"Not Found","message":"Endpoint /api/a%20b?q=%22x%22&r=<1> no existe","timestamp":"`
	if r.StatusCode != http.StatusNotFound || !strings.HasPrefix(got, want) {
		t.Errorf("got %d %s, want it to begin with %s", r.StatusCode, got, want)
	}
}

func TestIsAPI(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/api": true, "/api/": true, "/api/x": true,
		"/": false, "/apiary": false, "/x/api": false, "": false,
	} {
		if got := IsAPI(path); got != want {
			t.Errorf("IsAPI(%q) = %v", path, got)
		}
	}
}
