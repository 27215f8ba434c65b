package web

import (
	"math/rand/v2"
	"strconv"

	"github.com/gin-gonic/gin"
)

// requestIDHeader is in canonical form.
const requestIDHeader = "X-Request-Id"

// maxRequestID is the length of the longest id that is taken from a client.
const maxRequestID = 128

// RequestID is the middleware that puts an id into every answer, by which a client, the
// proxy and the hub's logs can talk of the same request. A proxy's or client's own is
// kept if it is fit for a log. It comes before whatever may answer.
func RequestID(c *gin.Context) {
	var id string
	if sent := c.Request.Header[requestIDHeader]; len(sent) == 1 && sane(sent[0]) {
		id = sent[0]
	} else {
		id = newRequestID()
	}
	// Straight into the map: the name needs no more care, and this is in every request.
	c.Writer.Header()[requestIDHeader] = []string{id}
}

// requestID returns the id of the request, empty where RequestID did not run.
func requestID(c *gin.Context) string {
	if id := c.Writer.Header()[requestIDHeader]; len(id) > 0 {
		return id[0]
	}
	return ""
}

// newRequestID returns an id to tell requests apart. It is no secret: who guesses one
// can do nothing with it.
func newRequestID() string {
	// 16 digits, with a leading one that is not 0.
	return strconv.FormatUint(rand.Uint64()|1<<63, 16)
}

// sane tells whether an id is short and of characters that mean nothing to a log, a
// shell or a query.
func sane(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case b == '-', b == '_', b == '.', b == ':', b == '/', b == '+', b == '=':
		default:
			return false
		}
	}
	return true
}
