package web

import (
	"net/http"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/gin-gonic/gin"
)

// Frontend serves the files of a built single-page application.
type Frontend struct {
	// Dir is looked up with each request, so that a build may replace it. It
	// need not exist.
	Dir string
}

// Serve answers with the file that the path names, or with index.html where
// that stands for a page of the application, and tells whether it answered.
// Files whose name begins with a dot, and what lies outside Dir, do not exist.
func (f Frontend) Serve(c *gin.Context) bool {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return false
	}
	name := c.Request.URL.Path
	if hasDotSegment(name) {
		return false
	}
	if !strings.HasSuffix(name, "/") && f.serveFile(c, strings.TrimPrefix(path.Clean(name), "/")) {
		return true
	}
	return isPage(c.Request) && f.serveFile(c, "index.html")
}

// serveFile answers with the regular file called name, relative to Dir, if
// there is one that can be opened.
func (f Frontend) serveFile(c *gin.Context, name string) bool {
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return false
	}
	defer root.Close()
	// Opening a FIFO would wait for its writer.
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	c.Header("Cache-Control", caching(name))
	http.ServeContent(c.Writer, c.Request, info.Name(), info.ModTime(), file)
	return true
}

// caching is the Cache-Control of a file. One below assets/ whose name has a hash of its
// content, as Vite builds them, never changes; the rest is asked for again each time.
func caching(name string) string {
	if strings.HasPrefix(name, "assets/") && isHashed(path.Base(name)) {
		return "public, max-age=31536000, immutable"
	}
	return "public, max-age=0"
}

// hashLength is that of Vite's hashes, which are letters, digits, - and _.
const hashLength = 8

// isHashed tells app-DiwrgTda.js from app.js: the stem ends with a hyphen and a hash.
func isHashed(base string) bool {
	stem, _, _ := strings.Cut(base, ".")
	at := len(stem) - hashLength
	if at < 2 || stem[at-1] != '-' {
		return false
	}
	hash := stem[at:]
	// A word is no hash, such as app-settings.js.
	return strings.ToLower(hash) != hash || strings.ContainsAny(hash, "0123456789")
}

func hasDotSegment(name string) bool {
	return strings.Contains(name, "/.")
}

// isPage tells whether a path without a file is one that the application
// routes itself, asked for by a browser that wants a page.
func isPage(r *http.Request) bool {
	if IsAPI(r.URL.Path) || strings.HasPrefix(r.URL.Path, "/assets/") {
		return false
	}
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	for _, kind := range []string{"text/html", "application/xhtml+xml", "*/*"} {
		if strings.Contains(accept, kind) {
			return true
		}
	}
	return false
}
