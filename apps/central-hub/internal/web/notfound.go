package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// IsAPI tells whether a path belongs to the API, which no file or page of the
// frontend may shadow.
func IsAPI(path string) bool {
	return path == "/api" || strings.HasPrefix(path, "/api/")
}

type notFound struct {
	Error     string `json:"error"`
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
}

// NotFound answers 404, naming the URL as the client wrote it.
func NotFound(c *gin.Context) {
	JSON(c, http.StatusNotFound, notFound{
		Error:     "Not Found",
		Message:   "Endpoint " + c.Request.RequestURI + " no existe",
		Timestamp: Timestamp(time.Now()),
	})
}
