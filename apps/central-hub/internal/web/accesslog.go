package web

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
)

// AccessLog returns the middleware that prints a line for each request once its answer
// is out. client tells the request's address, such as Proxies.Client. It comes before
// Recover, so that the status is the one that the client got.
func AccessLog(out *console.Console, client func(*gin.Context) netip.Addr) gin.HandlerFunc {
	return func(c *gin.Context) {
		begun := time.Now()
		// Also for an answer that was cut in the middle.
		defer func() { out.Access(access(c, client(c), time.Since(begun))) }()
		c.Next()
	}
}

func access(c *gin.Context, client netip.Addr, took time.Duration) console.Access {
	line := console.Access{
		Method: c.Request.Method,
		// Without the query, which may hold a token, and in ASCII.
		Path:       c.Request.URL.EscapedPath(),
		Status:     c.Writer.Status(),
		DurationMS: float64(took.Microseconds()) / 1000,
		RequestID:  requestID(c),
	}
	if c.Request.Method != http.MethodHead {
		line.Bytes = max(0, c.Writer.Size())
	}
	if client.IsValid() {
		line.Client = client.String()
	}
	return line
}
