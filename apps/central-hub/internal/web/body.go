package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// maxBody is the size in bytes of the largest JSON body that is taken, 100 kB
// as Express counts them.
const maxBody = 100 << 10

// Body lets handlers rely on the request's body being a JSON object or array.
// Without a body, or with one of another content type, it is an empty object.
// What is too big, malformed or encoded in some way is refused in the Failure
// envelope.
func Body(c *gin.Context) {
	body, refusal := readBody(c.Request)
	if refusal != nil {
		Fail(c, refusal.status, refusal.message)
		return
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
}

type refusal struct {
	status  int
	message string
}

func readBody(r *http.Request) ([]byte, *refusal) {
	charset, isJSON := jsonType(r.Header.Get("Content-Type"))
	switch {
	case r.ContentLength == 0 || !isJSON:
		return emptyObject(), nil
	case charset != "" && !strings.EqualFold(charset, "utf-8"):
		return nil, &refusal{http.StatusUnsupportedMediaType, "El cuerpo JSON debe estar en UTF-8"}
	case !plain(r.Header.Get("Content-Encoding")):
		return nil, &refusal{http.StatusUnsupportedMediaType, "El cuerpo no debe estar comprimido"}
	case r.ContentLength > maxBody:
		return nil, tooBig()
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "No se pudo leer el cuerpo"}
	case len(body) > maxBody:
		return nil, tooBig()
	case len(body) == 0:
		return emptyObject(), nil
	case !isComposite(body):
		return nil, &refusal{http.StatusBadRequest, "El cuerpo no es JSON válido: debe ser un objeto o una lista"}
	}
	return body, nil
}

func emptyObject() []byte { return []byte("{}") }

func tooBig() *refusal {
	return &refusal{http.StatusRequestEntityTooLarge, "El cuerpo supera el límite de 100 kB"}
}

// jsonType tells whether a Content-Type means JSON, and its charset if it
// names one.
func jsonType(contentType string) (charset string, ok bool) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return "", false
	}
	return params["charset"], media == "application/json"
}

func plain(encoding string) bool {
	return encoding == "" || strings.EqualFold(encoding, "identity")
}

// isComposite tells whether text is one JSON object or array.
func isComposite(text []byte) bool {
	start := bytes.TrimLeft(text, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[') && json.Valid(text)
}
