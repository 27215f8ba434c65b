package web

import (
	"errors"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
)

// Recover returns the middleware that turns a panic of a later handler into a
// line with its stack on out and a 500 that tells nothing of either. When the
// answer has begun, its connection is cut, so that the client does not take a
// part for the whole.
func Recover(out *console.Console) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			reason := recover()
			if reason == nil {
				return
			}
			// This is how a handler asks for the connection to be cut, no accident.
			if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			out.Exception(reason, stack(c))
			if c.Writer.Written() {
				panic(http.ErrAbortHandler)
			}
			// They describe the answer that was not given.
			for _, name := range []string{"Content-Length", "Content-Encoding", "Cache-Control", "ETag", "Last-Modified"} {
				c.Writer.Header().Del(name)
			}
			Fail(c, http.StatusInternalServerError, "Error interno del servidor")
		}()
		c.Next()
	}
}

// stack returns where the panic was and, below it, in which request.
func stack(c *gin.Context) []byte {
	text := debug.Stack()
	if id := requestID(c); id != "" {
		text = append(text, "X-Request-Id: "+id+"\n"...)
	}
	return text
}
