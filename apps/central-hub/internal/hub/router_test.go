package hub

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/apidoc/apidoctest"
	"github.com/leadmaster/hub/apps/central-hub/internal/config"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

func newRouter(t testing.TB) http.Handler {
	t.Helper()
	db, err := database.Open(database.Config{Path: filepath.Join(t.TempDir(), "hub.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, err := New(config.Config{
		Environment: "test", Frontend: "/nonexistent", Secret: []byte("secret"), SessionManager: "http://127.0.0.1:1",
	}, db, console.New(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return h.Handler
}

// Whatever is asked, a page of any origin can read the answer.
func TestEveryAnswerIsOpenToAnyOrigin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, target, body string
		status               int
	}{
		{"GET", "/health", "", 200},
		{"GET", "/health", "{bad", 400},
		{"HEAD", "/api/health", "", 200},
		{"OPTIONS", "/api/none", "{bad", 204},
		{"POST", "/health", "{}", 404},
		{"GET", "/health/", "", 404},
		{"GET", "/", "", 404},
		{"GET", "/login", "", 404},
		{"PATCH", "/api/sender/campaigns", "{}", 404},
		{"POST", "/api/none", "{bad", 400},
		{"POST", "/api/none", `{"a":"` + strings.Repeat("x", 100<<10) + `"}`, 413},
	}
	router := newRouter(t)
	for _, test := range tests {
		r := httptest.NewRequest(test.method, test.target, strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "*/*")
		w := httptest.NewRecorder()
		router.ServeHTTP(w, r)
		if w.Code != test.status {
			t.Errorf("%s %s: %d %s, want %d", test.method, test.target, w.Code, w.Body, test.status)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("ETag") != "" {
			t.Errorf("%s %s: headers %v", test.method, test.target, w.Header())
		}
		if test.status != 204 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: body %q is no JSON", test.method, test.target, w.Body)
		}
	}
}

// The description has the routes that there are, and no others.
func TestDescriptionHasAllRoutes(t *testing.T) {
	t.Parallel()
	engine, ok := newRouter(t).(*gin.Engine)
	if !ok {
		t.Fatal("the handler is no gin")
	}
	for _, difference := range apidoctest.New(t).Differences(engine.Routes()) {
		t.Error(difference)
	}
}

func benchmarkHealth(b *testing.B, handler http.Handler) {
	b.ReportAllocs()
	r := httptest.NewRequest(http.MethodGet, "/health", nil)
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// The two benchmarks differ by what the hub adds to a bare gin.
func BenchmarkHealth(b *testing.B) { benchmarkHealth(b, newRouter(b)) }

func BenchmarkBareGin(b *testing.B) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/health", func(c *gin.Context) {
		c.Header("Access-Control-Allow-Origin", "*")
		c.JSON(http.StatusOK, gin.H{"status": "healthy", "service": "central-hub"})
	})
	benchmarkHealth(b, engine)
}
