package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
)

func logged(stdout io.Writer, client netip.Addr) *gin.Engine {
	out := console.New(stdout, io.Discard)
	engine := newEngine(RequestID, AccessLog(out, func(*gin.Context) netip.Addr { return client }), Recover(out), CORS, Body)
	engine.NoRoute(NotFound)
	Get(engine, "/ok", func(c *gin.Context) { JSON(c, http.StatusOK, struct{}{}) })
	engine.GET("/panic", func(*gin.Context) { panic("boom") })
	engine.GET("/cut", func(c *gin.Context) {
		c.String(http.StatusOK, "half of ")
		c.Writer.Flush()
		panic("boom")
	})
	return engine
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ method, target, client, want string }{
		"answer": {
			"GET", "/ok?token=secret", "192.0.2.1",
			`{"method":"GET","path":"/ok","status":200,"duration_ms":N,"bytes":2,"client":"192.0.2.1","request_id":"abc"}`,
		},
		"Unix socket": {
			"GET", "/ok", "",
			`{"method":"GET","path":"/ok","status":200,"duration_ms":N,"bytes":2,"request_id":"abc"}`,
		},
		"HEAD": {
			"HEAD", "/ok", "::1",
			`{"method":"HEAD","path":"/ok","status":200,"duration_ms":N,"bytes":0,"client":"::1","request_id":"abc"}`,
		},
		"no answer's body": {
			"OPTIONS", "/ok", "::1",
			`{"method":"OPTIONS","path":"/ok","status":204,"duration_ms":N,"bytes":0,"client":"::1","request_id":"abc"}`,
		},
		"panic": {
			"GET", "/panic", "::1",
			`{"method":"GET","path":"/panic","status":500,"duration_ms":N,"bytes":56,"client":"::1","request_id":"abc"}`,
		},
		"what a terminal would obey": {
			"GET", "/%1b%5b2J%c2%9b%22%0a", "::1",
			`{"method":"GET","path":"/%1b%5b2J%c2%9b%22%0a","status":404,"duration_ms":N,"bytes":N,"client":"::1","request_id":"abc"}`,
		},
	}
	number := regexp.MustCompile(`("duration_ms":)[0-9.e-]+`)
	for name, test := range tests {
		var stdout strings.Builder
		client, _ := netip.ParseAddr(test.client)
		do(logged(&stdout, client), test.method, test.target, nil, "X-Request-Id", "abc")
		got := number.ReplaceAllString(stdout.String(), "${1}N")
		if strings.Contains(test.want, `"bytes":N`) {
			got = regexp.MustCompile(`("bytes":)\d+`).ReplaceAllString(got, "${1}N")
		}
		if got != test.want+"\n" {
			t.Errorf("%s: printed %s, want %s", name, got, test.want)
		}
	}
}

// An answer that breaks off is in the log too.
func TestAccessLogOfCutAnswer(t *testing.T) {
	t.Parallel()
	stdout := make(lines, 1)
	srv := httptest.NewServer(logged(stdout, netip.Addr{}))
	t.Cleanup(srv.Close)
	r, err := http.Get(srv.URL + "/cut")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.ReadAll(r.Body); err == nil {
		t.Error("the answer is whole")
	}
	if got := <-stdout; !strings.HasPrefix(got, `{"method":"GET","path":"/cut","status":200,`) {
		t.Errorf("printed %s", got)
	}
}

// lines hands each write to the test.
type lines chan string

func (w lines) Write(p []byte) (int, error) {
	w <- string(p)
	return len(p), nil
}
