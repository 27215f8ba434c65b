package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gin-gonic/gin"
)

// echo answers with the body that Body left for it.
func echo(c *gin.Context) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		panic(err)
	}
	c.Data(http.StatusOK, contentTypeJSON, body)
}

func bodyEngine() *gin.Engine {
	engine := newEngine(Body)
	engine.Any("/", echo)
	return engine
}

// object returns a JSON object of exactly size bytes.
func object(size int) string {
	return `{"a":"` + strings.Repeat("x", size-len(`{"a":""}`)) + `"}`
}

func TestBody(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		contentType, body string
		status            int
		seen              string
	}{
		"object":               {"application/json", `{"a":1}`, 200, `{"a":1}`},
		"list":                 {"application/json; charset=UTF-8", ` [1]`, 200, ` [1]`},
		"upper case type":      {"Application/JSON", `{}`, 200, `{}`},
		"nothing":              {"application/json", ``, 200, `{}`},
		"form":                 {"application/x-www-form-urlencoded", `a=1`, 200, `{}`},
		"text":                 {"text/plain", `{"a":1}`, 200, `{}`},
		"no type":              {"", `{"a":1}`, 200, `{}`},
		"other JSON type":      {"application/problem+json", `{"a":1}`, 200, `{}`},
		"big but not JSON":     {"application/octet-stream", object(maxBody + 1), 200, `{}`},
		"as big as it gets":    {"application/json", object(maxBody), 200, object(maxBody)},
		"too big":              {"application/json", object(maxBody + 1), 413, ""},
		"malformed":            {"application/json", `{"a":`, 400, ""},
		"two values":           {"application/json", `{} {}`, 400, ""},
		"string":               {"application/json", `"a"`, 400, ""},
		"null":                 {"application/json", `null`, 400, ""},
		"blank":                {"application/json", "  \n", 400, ""},
		"nested without end":   {"application/json", strings.Repeat("[", 20_000), 400, ""},
		"another charset":      {"application/json; charset=latin1", `{}`, 415, ""},
		"unparsable parameter": {"application/json; a=b=c", `{"a":1}`, 200, `{"a":1}`},
	}
	engine := bodyEngine()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := do(engine, http.MethodPost, "/", strings.NewReader(test.body), "Content-Type", test.contentType)
			checkBody(t, r, test.status, test.seen)
			// The same without Content-Length, as in a chunked request.
			r = do(engine, http.MethodPost, "/", io.MultiReader(strings.NewReader(test.body)), "Content-Type", test.contentType)
			checkBody(t, r, test.status, test.seen)
		})
	}
}

func checkBody(t *testing.T, r *http.Response, status int, seen string) {
	t.Helper()
	got := text(t, r)
	if r.StatusCode != status {
		t.Fatalf("status %d %s, want %d", r.StatusCode, got, status)
	}
	if status == http.StatusOK {
		if got != seen {
			t.Errorf("the handler saw %.80q, want %.80q", got, seen)
		}
		return
	}
	if !strings.HasPrefix(got, `{"success":false,"message":"`) {
		t.Errorf("refused with %s", got)
	}
}

func TestBodyRefusesCompressed(t *testing.T) {
	t.Parallel()
	r := do(bodyEngine(), http.MethodPost, "/", strings.NewReader("\x1f\x8b"),
		"Content-Type", "application/json", "Content-Encoding", "gzip")
	checkBody(t, r, http.StatusUnsupportedMediaType, "")
}

func TestBodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	r := do(bodyEngine(), http.MethodPost, "/", iotest.ErrReader(errors.New("reset")), "Content-Type", "application/json")
	checkBody(t, r, http.StatusBadRequest, "")
}

// A client that sends far more than the limit must still get the answer.
func TestBodyTooBigOverTheWire(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(bodyEngine())
	defer srv.Close()
	for name, body := range map[string]io.Reader{
		"with length": bytes.NewReader(make([]byte, 4<<20)),
		"chunked":     io.MultiReader(bytes.NewReader(make([]byte, 4<<20))),
	} {
		r, err := srv.Client().Post(srv.URL, "application/json", body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkBody(t, r, http.StatusRequestEntityTooLarge, "")
		r.Body.Close()
	}
}

func FuzzBody(f *testing.F) {
	f.Add("application/json", []byte(`{"a":1}`))
	f.Add("application/json; charset=utf-8", []byte(`[`))
	f.Add("text/plain", []byte(`x`))
	f.Add("application/json;;", []byte(" \n{}"))
	engine := bodyEngine()
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		r := do(engine, http.MethodPost, "/", bytes.NewReader(body), "Content-Type", contentType)
		got := text(t, r)
		if !json.Valid([]byte(got)) || r.StatusCode >= 500 {
			t.Errorf("got %d %q", r.StatusCode, got)
		}
	})
}
