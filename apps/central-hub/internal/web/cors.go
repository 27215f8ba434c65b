package web

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// CORS lets pages of any origin read every answer, and answers every OPTIONS
// request itself. It comes before whatever may refuse a request, since a page
// cannot read an error that lacks the header.
func CORS(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	if c.Request.Method != http.MethodOptions {
		return
	}
	header.Set("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE")
	header.Set("Vary", "Access-Control-Request-Headers")
	if wanted := c.GetHeader("Access-Control-Request-Headers"); wanted != "" {
		header.Set("Access-Control-Allow-Headers", wanted)
	}
	c.AbortWithStatus(http.StatusNoContent)
}
