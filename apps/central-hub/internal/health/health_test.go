package health

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

var start = time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)

func TestBodies(t *testing.T) {
	t.Parallel()
	service := NewService(start, "production")
	now := start.Add(1500 * time.Millisecond)
	tests := []struct {
		body any
		want string
	}{
		{service.Report(now), `{"status":"healthy","service":"central-hub","timestamp":"2026-01-05T10:00:01.500Z"}`},
		{service.Detail(now), `{"status":"healthy","service":"central-hub","timestamp":"2026-01-05T10:00:01.500Z","uptime":1.5,"environment":"production"}`},
	}
	for _, test := range tests {
		got, err := json.Marshal(test.body)
		if err != nil || string(got) != test.want {
			t.Errorf("got %s, %v; want %s", got, err, test.want)
		}
	}
}

func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	Routes(engine, NewController(NewService(time.Now(), "development")))
	return engine
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	instant := `"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`
	tests := map[string]string{
		"/health":     `^\{"status":"healthy","service":"central-hub",` + instant + `\}$`,
		"/api/health": `^\{"status":"healthy","service":"central-hub",` + instant + `,"uptime":[\d.e-]+,"environment":"development"\}$`,
	}
	engine := newEngine()
	for path, want := range tests {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := httptest.NewRecorder()
			engine.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			if w.Code != http.StatusOK || !regexp.MustCompile(want).MatchString(w.Body.String()) {
				t.Errorf("%s %s: %d %s, want %s", method, path, w.Code, w.Body, want)
			}
		}
	}
}
