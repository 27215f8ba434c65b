// Package web holds what every module of the hub answers with: JSON and its
// envelopes, the middleware around all routes, the static frontend.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gin-gonic/gin"
)

const contentTypeJSON = "application/json; charset=utf-8"

// JSON answers with body as compact JSON. Unlike gin's it leaves <, > and & as
// they are, so that texts with a URL in them read as clients expect.
func JSON(c *gin.Context, status int, body any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		panic(fmt.Errorf("encode %T: %w", body, err))
	}
	c.Data(status, contentTypeJSON, bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// Failure is the error envelope of middleware and auth routes.
type Failure struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
}

// Fail answers with a Failure and keeps later handlers from running.
func Fail(c *gin.Context, status int, message string) {
	JSON(c, status, Failure{Message: message})
	c.Abort()
}

// Timestamp writes t as bodies carry instants: UTC with three digits of the
// second.
func Timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// NullTimestamp is Timestamp for an instant that may be missing: null in JSON.
func NullTimestamp(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := Timestamp(*t)
	return &text
}

// Decode reads the request's body into the struct that into points to. A body that is
// a list has none of its fields. The error is about the body alone; its text is not
// for the client.
func Decode(c *gin.Context, into any) error {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		return nil
	}
	return json.Unmarshal(body, into)
}

// Gone tells whether the client has left and nobody reads the answer. What failed then
// failed because of that, and is no trouble of the hub's.
func Gone(c *gin.Context) bool {
	return errors.Is(c.Request.Context().Err(), context.Canceled)
}
