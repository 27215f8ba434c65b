// Package apidoctest holds what the hub answers, and its routes, against the API's
// description. Tests use it, and no program.
package apidoctest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/leadmaster/hub/apps/central-hub/internal/apidoc"
)

// Validator knows the description. It is safe for concurrent use.
type Validator struct {
	document *openapi3.T
	// operations are by method and path as gin writes them: GET /api/whatsapp/:clienteId/qr.
	operations map[route]*openapi3.Operation
}

type route struct{ method, path string }

// New returns a Validator. A description that is not valid itself fails the test.
func New(t testing.TB) *Validator {
	t.Helper()
	v, err := load(apidoc.Document())
	if err != nil {
		t.Fatalf("the API's description: %v", err)
	}
	return v
}

func load(text []byte) (*Validator, error) {
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, err
	}
	v := &Validator{document, map[route]*openapi3.Operation{}}
	for template, item := range document.Paths.Map() {
		servers := document.Servers
		if len(item.Servers) > 0 {
			servers = item.Servers
		}
		for _, server := range servers {
			for method, operation := range item.Operations() {
				v.operations[route{method, ginPath(path.Join(server.URL, template))}] = operation
			}
		}
	}
	return v, nil
}

// ginPath writes a template's {name} as gin's :name.
func ginPath(template string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(template)
}

// Check fails the test unless an answer to the request r is as the description has it.
// A path under /api that the description lacks must have got the answer for those.
func (v *Validator) Check(t testing.TB, r *http.Request, status int, header http.Header, body []byte) {
	t.Helper()
	if err := v.check(r, status, header, body); err != nil {
		t.Errorf("%s %s: %d %s: %v", r.Method, r.URL.Path, status, body, err)
	}
}

// CheckResponse is Check for an answer of a whole hub, with the headers that each of its
// answers has. It reads the body and puts it back.
func (v *Validator) CheckResponse(t testing.TB, response *http.Response) {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("%s %s: read the answer: %v", response.Request.Method, response.Request.URL.Path, err)
	}
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	if origin := response.Header.Get("Access-Control-Allow-Origin"); origin != "*" {
		t.Errorf("%s %s: Access-Control-Allow-Origin is %q; want *", response.Request.Method, response.Request.URL.Path, origin)
	}
	if response.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s %s: no X-Request-Id", response.Request.Method, response.Request.URL.Path)
	}
	v.Check(t, response.Request, response.StatusCode, response.Header, body)
}

func (v *Validator) check(r *http.Request, status int, header http.Header, body []byte) error {
	if r.Method == http.MethodOptions {
		return preflight(status, header, body)
	}
	operation, ok := v.find(r.Method, r.URL.Path)
	if !ok {
		operation = v.missing()
	}
	answer := operation.Responses.Status(status)
	if answer == nil {
		return fmt.Errorf("the status is not described; want one of %v", slices.Sorted(maps.Keys(operation.Responses.Map())))
	}
	if err := contentType(answer.Value, header); err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		if len(body) > 0 {
			return fmt.Errorf("a body to HEAD")
		}
		return nil
	}
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: r,
			Route:   &routers.Route{Spec: v.document, Operation: operation},
		},
		Status:  status,
		Header:  header,
		Body:    io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
}

// find returns the operation of a path, of which one without parameters goes first.
func (v *Validator) find(method, path string) (*openapi3.Operation, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if operation, ok := v.operations[route{method, path}]; ok {
		return operation, true
	}
	for known, operation := range v.operations {
		if known.method == method && matches(known.path, path) {
			return operation, true
		}
	}
	return nil, false
}

func matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(want, got string) bool {
		return want == got || (strings.HasPrefix(want, ":") && got != "")
	})
}

// missing is the operation of a path that there is not. Its body may be wrong, too.
func (v *Validator) missing() *openapi3.Operation {
	shared := v.document.Components.Responses
	description := "no such path"
	return &openapi3.Operation{Responses: openapi3.NewResponses(
		openapi3.WithStatus(http.StatusNotFound, &openapi3.ResponseRef{Value: &openapi3.Response{
			Description: &description,
			Content:     openapi3.NewContentWithJSONSchemaRef(v.document.Components.Schemas["NotFound"]),
		}}),
		openapi3.WithStatus(http.StatusBadRequest, shared["Malformed"]),
		openapi3.WithStatus(http.StatusRequestEntityTooLarge, shared["TooBig"]),
		openapi3.WithStatus(http.StatusUnsupportedMediaType, shared["Unsupported"]),
	)}
}

// preflight is about the answer to every OPTIONS request.
func preflight(status int, header http.Header, body []byte) error {
	if status != http.StatusNoContent || len(body) > 0 || header.Get("Access-Control-Allow-Methods") == "" {
		return fmt.Errorf("no answer to OPTIONS: want 204, no body, and the methods in the header")
	}
	return nil
}

// contentType wants the one that the description has, with the charset where it is JSON.
func contentType(answer *openapi3.Response, header http.Header) error {
	got := header.Get("Content-Type")
	for media := range answer.Content {
		if media == "application/json" {
			media += "; charset=utf-8"
		}
		if got == media {
			return nil
		}
	}
	return fmt.Errorf("the type is %q; want %v", got, slices.Sorted(maps.Keys(answer.Content)))
}
