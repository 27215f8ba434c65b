package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/console/consoletest"
)

// panicking serves one route whose handler is h, and returns its URL and what
// the hub prints on stderr.
func panicking(t *testing.T, h gin.HandlerFunc) (string, *consoletest.Buffer) {
	t.Helper()
	stderr := new(consoletest.Buffer)
	out := console.New(io.Discard, stderr)
	engine := newEngine(Recover(out), CORS)
	engine.GET("/", h)
	srv := httptest.NewUnstartedServer(engine)
	srv.Config.ErrorLog = out.ErrorLog()
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL, stderr
}

func TestRecoverAnswers500(t *testing.T) {
	t.Parallel()
	url, stderr := panicking(t, func(c *gin.Context) {
		c.Header("Content-Length", "3")
		c.Header("ETag", `"x"`)
		panic(errors.New("secret path /srv/db"))
	})
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got, want := text(t, r), `{"success":false,"message":"Error interno del servidor"}`; r.StatusCode != 500 || got != want {
		t.Errorf("got %d %s, want %s", r.StatusCode, got, want)
	}
	if r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("ETag") != "" {
		t.Errorf("headers %v", r.Header)
	}
	log := stderr.String()
	if !strings.HasPrefix(log, "❌ UNCAUGHT EXCEPTION: secret path /srv/db\ngoroutine ") || !strings.Contains(log, "TestRecoverAnswers500") {
		t.Errorf("printed %s", log)
	}
}

// A panic in the middle of an answer must show to the client as a broken one.
func TestRecoverCutsBegunAnswer(t *testing.T) {
	t.Parallel()
	url, stderr := panicking(t, func(c *gin.Context) {
		c.String(http.StatusOK, "half of ")
		c.Writer.Flush()
		panic("boom")
	})
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got, err := io.ReadAll(r.Body); err == nil {
		t.Errorf("the client took %q for the whole", got)
	}
	if got := strings.Count(stderr.String(), "❌ UNCAUGHT EXCEPTION: "); got != 1 {
		t.Errorf("printed %d times: %s", got, stderr)
	}
}

func TestRecoverLeavesAbortSilent(t *testing.T) {
	t.Parallel()
	url, stderr := panicking(t, func(*gin.Context) { panic(fmt.Errorf("upstream: %w", http.ErrAbortHandler)) })
	if r, err := http.Get(url); err == nil {
		r.Body.Close()
		t.Errorf("answered %s", r.Status)
	}
	if stderr.String() != "" {
		t.Errorf("printed %s", stderr)
	}
}
