package web

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gin-gonic/gin"
)

// dist builds a frontend beside a file that must stay out of reach.
func dist(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dist")
	files := map[string]string{
		"index.html":    "<h1>page</h1>",
		"assets/app.js": "let hub",

		"assets/app-0a1B2c3D.js": "let hub",

		"with space.txt": "space",
		".env":           "secret",
		".git/config":    "secret",
		"../outside.txt": "secret",
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../outside.txt", filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func frontendEngine(dir string) *gin.Engine {
	engine := newEngine()
	frontend := Frontend{dir}
	engine.NoRoute(func(c *gin.Context) {
		if !frontend.Serve(c) {
			NotFound(c)
		}
	})
	return engine
}

func TestFrontend(t *testing.T) {
	t.Parallel()
	const page, browser = "<h1>page</h1>", "text/html,application/xhtml+xml;q=0.9"
	tests := []struct {
		method, target, accept string
		want                   string // empty: 404
	}{
		{"GET", "/assets/app.js", "", "let hub"},
		{"HEAD", "/assets/app.js", "", "-"},
		{"GET", "/with%20space.txt", "", "space"},
		{"GET", "/index.html", "", page},
		{"GET", "/", browser, page},
		{"GET", "/", "*/*", page},
		{"GET", "/", "", ""},
		{"GET", "/dashboard", browser, page},
		{"GET", "/admin/sessions/", "Application/XHTML+XML", page},
		{"GET", "/dashboard", "application/json", ""},
		{"GET", "/apiary", browser, page},
		{"GET", "/api", browser, ""},
		{"GET", "/api/x", browser, ""},
		{"GET", "/assets/gone.js", "*/*", ""},
		{"GET", "/assets", "", ""},
		{"GET", "/index.html/", "", ""},
		{"POST", "/", browser, ""},
		{"POST", "/assets/app.js", browser, ""},
		{"GET", "/.env", "*/*", ""},
		{"GET", "/.git/config", "*/*", ""},
		{"GET", "/../outside.txt", "*/*", ""},
		{"GET", "/%2e%2e/outside.txt", "*/*", ""},
		{"GET", "/assets/..%2f..%2foutside.txt", "*/*", ""},
		{"GET", "/assets/%2e%2e/%2e%2e/outside.txt", "*/*", ""},
		{"GET", "/..%5coutside.txt", "*/*", ""},
		{"GET", "/link.txt", "", ""},
		{"GET", "/fifo", "", ""},
		{"GET", "/a%00b", "", ""},
		{"GET", "/" + strings.Repeat("x", 300), "", ""},
	}
	engine := frontendEngine(dist(t))
	for _, test := range tests {
		header := []string{"Accept", test.accept}
		if test.accept == "" {
			header = nil
		}
		r := do(engine, test.method, test.target, nil, header...)
		got := text(t, r)
		switch {
		case test.want == "" && r.StatusCode != http.StatusNotFound:
			t.Errorf("%s %s: %d %q, want 404", test.method, test.target, r.StatusCode, got)
		case test.want == "-" && (r.StatusCode != 200 || got != ""):
			t.Errorf("%s %s: %d %q, want 200 without a body", test.method, test.target, r.StatusCode, got)
		case test.want != "" && test.want != "-" && (r.StatusCode != 200 || got != test.want):
			t.Errorf("%s %s: %d %q, want %q", test.method, test.target, r.StatusCode, got, test.want)
		}
	}
}

func TestFrontendHeaders(t *testing.T) {
	t.Parallel()
	engine := frontendEngine(dist(t))
	r := do(engine, "GET", "/assets/app.js", nil)
	if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/javascript") {
		t.Errorf("Content-Type %q", got)
	}
	changed := r.Header.Get("Last-Modified")
	if r := do(engine, "GET", "/assets/app.js", nil, "If-Modified-Since", changed); r.StatusCode != http.StatusNotModified {
		t.Errorf("an unchanged file: %d", r.StatusCode)
	}
	if r := do(engine, "GET", "/dashboard", nil, "Accept", "text/html"); !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		t.Errorf("a page has type %q", r.Header.Get("Content-Type"))
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	const forever, again = "public, max-age=31536000, immutable", "public, max-age=0"
	for name, want := range map[string]string{
		"assets/index-DiwrgTda.js": forever, "assets/index-DiwrgTda.js.map": forever, "assets/a/b-C3-_x9Zq.css": forever,
		"assets/index.js": again, "assets/app-settings.js": again, "assets/-DiwrgTda.js": again, "assets/DiwrgTda.js": again,
		"index.html": again, "index-DiwrgTda.html": again, "assets/.js": again, "assets/x-1234567.js": again,
	} {
		if got := caching(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	engine := frontendEngine(dist(t))
	for target, want := range map[string]string{"/assets/app-0a1B2c3D.js": forever, "/assets/app.js": again, "/dashboard": again} {
		if got := do(engine, "GET", target, nil, "Accept", "text/html").Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

// The frontend may be built or removed while the hub runs.
func TestFrontendComesAndGoes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dist")
	engine := frontendEngine(dir)
	expect := func(status int) {
		t.Helper()
		if r := do(engine, "GET", "/", nil, "Accept", "*/*"); r.StatusCode != status {
			t.Errorf("status %d, want %d", r.StatusCode, status)
		}
	}
	expect(http.StatusNotFound)
	if err := os.Rename(dist(t), dir); err != nil {
		t.Fatal(err)
	}
	expect(http.StatusOK)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	expect(http.StatusNotFound)
}
