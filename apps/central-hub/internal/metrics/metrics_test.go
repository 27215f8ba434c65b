package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/status"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// fixed reports the same whenever it is asked.
type fixed struct {
	report status.Report
	err    error
}

func (f fixed) Report(context.Context) (status.Report, error) { return f.report, f.err }

func newMetrics(t *testing.T, reporter Reporter) *Metrics {
	t.Helper()
	db, err := database.Open(database.Config{Path: filepath.Join(t.TempDir(), "hub.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return New(db.DB, reporter, console.New(io.Discard, io.Discard))
}

// scrape returns the lines of the metrics, without comments.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	return regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(w.Body.String(), "")
}

func expect(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+text, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
}

func degraded() status.Report {
	latency, refused := int64(45), "ECONNREFUSED"
	return status.Report{
		Status: status.Degraded,
		System: status.System{Memory: status.Memory{Used: 157286400, Total: 314572800}, CPU: status.CPU{UsagePercent: 2.5}},
		Dependencies: status.Dependencies{
			Database:       status.Database{Status: "connected", LatencyMS: &latency},
			SessionManager: status.SessionManager{Status: "unreachable", Error: &refused},
		},
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	text := scrape(t, newMetrics(t, fixed{report: degraded()}))
	expect(t, text,
		`leadmaster_status{state="healthy"} 0`, `leadmaster_status{state="degraded"} 1`, `leadmaster_status{state="unhealthy"} 0`,
		`leadmaster_memory_usage_ratio 0.5`, `leadmaster_cpu_usage_ratio 0.025`,
		`leadmaster_db_up 1`, `leadmaster_db_latency_seconds 0.045`,
		`leadmaster_session_manager_up 0`, `leadmaster_session_manager_whatsapp_connected 0`,
		`go_sql_max_open_connections{db_name="hub"} 4`,
	)
	for _, name := range []string{"\ngo_goroutines ", "\nprocess_resident_memory_bytes ", "\nprocess_cpu_seconds_total "} {
		if !strings.Contains(text, name) {
			t.Errorf("no %q in\n%s", name, text)
		}
	}
	if strings.Contains(text, "leadmaster_session_manager_latency_seconds") {
		t.Error("there is a latency of no answer")
	}
}

// Without a state there are the other figures still.
func TestNoState(t *testing.T) {
	t.Parallel()
	text := scrape(t, newMetrics(t, fixed{err: errors.New("no /proc")}))
	if strings.Contains(text, "leadmaster_status") || !strings.Contains(text, "\ngo_goroutines ") {
		t.Errorf("got\n%s", text)
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, fixed{report: degraded()})
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(m.Requests, web.Recover(console.New(io.Discard, io.Discard)), web.CORS)
	engine.GET("/customers/:id", func(c *gin.Context) { c.Status(http.StatusConflict) })
	engine.GET("/panic", func(*gin.Context) { panic("boom") })
	do := func(method, path string) {
		engine.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	}
	for i := range 100 {
		do("GET", fmt.Sprintf("/customers/%d?a=%d", i, i))
		do("GET", fmt.Sprintf("/none/%d", i))
		do(fmt.Sprintf("MADE%d", i), "/customers/1")
	}
	do("GET", "/panic")
	do("OPTIONS", "/panic")
	text := scrape(t, m)
	const count = "leadmaster_http_request_duration_seconds_count"
	expect(t, text,
		count+`{method="GET",route="/customers/:id",status="409"} 100`,
		count+`{method="GET",route="none",status="404"} 100`,
		count+`{method="other",route="none",status="404"} 100`,
		count+`{method="GET",route="/panic",status="500"} 1`,
		count+`{method="OPTIONS",route="none",status="204"} 1`,
	)
	if n := strings.Count(text, count); n != 5 {
		t.Errorf("%d series", n)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	m := newMetrics(t, fixed{report: degraded()})
	s, err := m.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := s.Addr().String()
	for path, want := range map[string]int{"/metrics": 200, "/": 404, "/health": 404, "/debug/pprof/": 404} {
		r, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, r.StatusCode, want)
		}
	}
	// The process of a reload opens it beside the one before.
	next, err := m.Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	next.Close()
	s.Close()
	if _, err := http.Get("http://" + address + "/metrics"); err == nil {
		t.Error("it answers after Close")
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := m.Listen(other.Addr().String()); err == nil || !strings.Contains(err.Error(), "METRICS_ADDR: listen EADDRINUSE: ") {
		t.Errorf("a busy port: %v", err)
	}
}
