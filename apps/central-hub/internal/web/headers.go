package web

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// MaxHeaders is the size in bytes of the largest headers that are taken, URL included:
// twice what nginx lets through by default.
const MaxHeaders = 16 << 10

// Headers refuses a request whose headers are too big, in the Failure envelope. What the
// server itself refuses, which has a greater limit, gets net/http's plain text.
func Headers(c *gin.Context) {
	size := len(c.Request.RequestURI)
	for name, values := range c.Request.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size > MaxHeaders {
		Fail(c, http.StatusRequestHeaderFieldsTooLarge, "Las cabeceras superan el límite de 16 kB")
	}
}
