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
	c.Header("Cache-Control", "public, max-age=0")
	http.ServeContent(c.Writer, c.Request, info.Name(), info.ModTime(), file)
	return true
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
