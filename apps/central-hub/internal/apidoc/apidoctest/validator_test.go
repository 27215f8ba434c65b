package apidoctest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/apidoc"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

const (
	jsonType = "application/json; charset=utf-8"
	instant  = `"2026-01-05T10:00:00.000Z"`
	failure  = `{"success":false,"message":"no"}`
	stamped  = `"status":"healthy","service":"central-hub","timestamp":` + instant
	session  = `{"id":7,"instance_id":"sender_51","phone_number":null,"status":"qr_required","qr_status":"generated","qr_string":"data:"}`
	state    = `{"state":"qr","hasQR":true,"ready":false,"connecting":false}`
	user     = `{"id":1,"cliente_id":1,"usuario":"ana","tipo":"admin"`
)

func statusBody(state, database, manager, checks string) string {
	return `{"status":"` + state + `","service":"leadmaster-central-hub","version":"1.0.0","timestamp":` + instant +
		`,"uptime":120,"environment":"production","system":{"memory":{"used":41943040,"total":314572800,"usage_percent":13.3,"warning":false},` +
		`"cpu":{"usage_percent":2.5}},"dependencies":{"database":` + database + `,"session_manager":` + manager + `},"health_checks":` + checks + `}`
}

const (
	databaseUp   = `{"status":"connected","host":"embedded","latency_ms":0,"error":null}`
	databaseDown = `{"status":"disconnected","host":"db","latency_ms":null,"error":"ECONNREFUSED"}`
	managerUp    = `{"status":"online","url":"http://localhost:3001","latency_ms":12,"whatsapp_connected":true,"error":null}`
	managerDown  = `{"status":"unreachable","url":"http://localhost:3001","latency_ms":null,"whatsapp_connected":false,"error":"HTTP_503"}`
	checksPass   = `[{"name":"database","status":"pass","duration_ms":45},{"name":"session_manager","status":"pass","duration_ms":12}]`
	checksFail   = `[{"name":"database","status":"fail","duration_ms":5000,"error":"Database timeout"},{"name":"session_manager","status":"pass","duration_ms":12}]`
)

type answer struct {
	request string // method and target
	status  int
	body    string
}

// Answers as the contract has them.
func good() map[string]answer {
	refusal := func(code string) string { return `{"ok":false,"error":"` + code + `","message":"no"}` }
	return map[string]answer{
		"health":              {"GET /health", 200, "{" + stamped + "}"},
		"health with HEAD":    {"HEAD /health", 200, ""},
		"detail":              {"GET /api/health", 200, "{" + stamped + `,"uptime":0.5,"environment":"test"}`},
		"malformed":           {"GET /health", 400, failure},
		"healthy":             {"GET /status", 200, statusBody("healthy", databaseUp, managerUp, checksPass)},
		"degraded":            {"GET /api/status", 200, statusBody("degraded", databaseUp, managerDown, checksPass)},
		"unhealthy":           {"GET /api/status", 503, statusBody("unhealthy", databaseDown, managerUp, checksFail)},
		"no state":            {"GET /status", 503, `{"status":"error","service":"leadmaster-central-hub","timestamp":` + instant + `,"error":"Failed to perform health checks"}`},
		"login":               {"POST /api/auth/login", 200, `{"success":true,"token":"x","user":` + user + `}}`},
		"login, bare":         {"POST /auth/login", 401, failure},
		"login, big":          {"POST /auth/login", 413, failure},
		"verify":              {"POST /auth/verify", 200, `{"success":true,"user":` + user + `,"activo":1}}`},
		"me, nobody":          {"GET /auth/me", 404, failure},
		"password not right":  {"POST /auth/change-password", 200, failure},
		"logout":              {"POST /api/auth/logout", 200, `{"success":true,"message":"ok"}`},
		"session":             {"GET /api/whatsapp/51/status?x=1", 200, `{"ok":true,"session":` + session + `}`},
		"session with more":   {"GET /whatsapp/51/status", 200, `{"ok":true,"session":{"more":[1]}}`},
		"no customer":         {"GET /api/whatsapp/51abc/qr", 400, refusal("INVALID_CLIENT_ID")},
		"QR, malformed body":  {"GET /api/whatsapp/51/qr", 400, failure},
		"QR":                  {"GET /api/whatsapp/51/qr", 200, `{"ok":true,"qr_string":"data:","qr_expires_at":null,"status":"init"}`},
		"connecting":          {"GET /api/whatsapp/51/qr", 200, `{"ok":true,"status":"connecting","message":"wait"}`},
		"not authorized":      {"GET /api/whatsapp/51/qr", 403, refusal("QR_NOT_AUTHORIZED")},
		"connected":           {"GET /api/whatsapp/51/qr", 409, `{"ok":false,"error":"SESSION_ALREADY_CONNECTED","message":"no","phone_number":"+34"}`},
		"in error":            {"GET /api/whatsapp/51/qr", 500, `{"ok":false,"error":"SESSION_ERROR","message":"no","last_error_code":"X","last_error_message":null}`},
		"unknown status":      {"GET /api/whatsapp/51/qr", 500, refusal("UNKNOWN_SESSION_STATUS")},
		"panic":               {"GET /api/whatsapp/51/qr", 500, failure},
		"manager down":        {"GET /api/whatsapp/51/qr", 502, refusal("SESSION_MANAGER_UNAVAILABLE")},
		"manager slow":        {"GET /api/whatsapp/51/qr", 504, refusal("GATEWAY_TIMEOUT")},
		"authorize":           {"POST /api/admin/whatsapp/authorize-qr", 200, `{"ok":true,"authorization":{"id":1,"clienteId":51,"enabledAt":` + instant + `,"expiresAt":` + instant + `},"message":"ok"}`},
		"authorize, twice":    {"POST /api/admin/whatsapp/authorize-qr", 409, refusal("ACTIVE_AUTHORIZATION_EXISTS")},
		"authorize, customer": {"POST /api/admin/whatsapp/authorize-qr", 403, failure},
		"revoke":              {"DELETE /admin/whatsapp/51/qr", 200, `{"ok":true,"message":"ok"}`},
		"revoke, none":        {"DELETE /api/admin/whatsapp/51/qr", 404, refusal("NO_ACTIVE_AUTHORIZATION")},
		"list": {"GET /api/admin/whatsapp/qr-sessions", 200, `{"ok":true,"sessions":[{"id":1,"clienteId":51,"enabledByAdminId":2,"enabledAt":` +
			instant + `,"expiresAt":null,"remainingMinutes":null}]}`},
		"empty list":       {"GET /api/admin/whatsapp/qr-sessions", 200, `{"ok":true,"sessions":[]}`},
		"legacy status":    {"GET /session-manager/status", 200, `{"status":"session-manager ok","clienteId":51,"whatsappState":` + state + `}`},
		"legacy state":     {"GET /session-manager/state", 200, state},
		"legacy logout":    {"POST /session-manager/logout", 501, `{"success":false,"error":"no"}`},
		"legacy, no QR":    {"GET /session-manager/qr", 404, `{"error":"no"}`},
		"legacy, no admin": {"POST /session-manager/admin/login", 403, failure},
		"legacy list":      {"GET /session-manager/sessions", 200, `[{"clienteId":51,"sessionName":"sender_51","state":` + state + `}]`},
		"no such path":     {"GET /api/none", 404, `{"error":"Not Found","message":"Endpoint /api/none no existe","timestamp":` + instant + `}`},
		"no such method":   {"DELETE /api/auth/me", 404, `{"error":"Not Found","message":"Endpoint /api/auth/me no existe","timestamp":` + instant + `}`},
		"no path, no JSON": {"POST /api/none", 400, failure},
		"document":         {"GET /api/openapi.json", 200, string(apidoc.Document())},
	}
}

func (a answer) check(v *Validator, header http.Header) error {
	method, target, _ := strings.Cut(a.request, " ")
	return v.check(httptest.NewRequest(method, target, nil), a.status, header, []byte(a.body))
}

func TestGoodAnswers(t *testing.T) {
	t.Parallel()
	v := New(t)
	for name, a := range good() {
		if err := a.check(v, http.Header{"Content-Type": {jsonType}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is not as described is found.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	v := New(t)
	for name, a := range map[string]answer{
		"undescribed status":     {"GET /health", 418, failure},
		"missing key":            {"GET /health", 200, `{"status":"healthy","service":"central-hub"}`},
		"detail at /health":      {"GET /health", 200, "{" + stamped + `,"uptime":0.5,"environment":"test"}`},
		"service":                {"GET /health", 200, `{"status":"healthy","service":"leadmaster-central-hub","timestamp":` + instant + "}"},
		"no milliseconds":        {"GET /health", 200, `{"status":"healthy","service":"central-hub","timestamp":"2026-01-05T10:00:00Z"}`},
		"stack":                  {"GET /health", 500, `{"success":false,"message":"no","stack":"x"}`},
		"envelope":               {"POST /auth/login", 401, `{"ok":false,"error":"X","message":"no"}`},
		"login says success":     {"POST /auth/login", 401, `{"success":true,"message":"no"}`},
		"password in user":       {"GET /auth/me", 200, `{"success":true,"user":` + user + `,"activo":1,"password_hash":"x"}}`},
		"activo as bool":         {"GET /auth/me", 200, `{"success":true,"user":` + user + `,"activo":true}}`},
		"too many, no header":    {"POST /auth/login", 429, failure},
		"unhealthy with 200":     {"GET /status", 200, statusBody("unhealthy", databaseDown, managerUp, checksFail)},
		"healthy with 503":       {"GET /status", 503, statusBody("healthy", databaseUp, managerUp, checksPass)},
		"latency of no answer":   {"GET /status", 200, statusBody("healthy", strings.Replace(databaseDown, "null", "45", 1), managerUp, checksPass)},
		"driver's text":          {"GET /status", 503, statusBody("unhealthy", strings.Replace(databaseDown, "ECONNREFUSED", "dial tcp 10.0.0.1", 1), managerUp, checksFail)},
		"checks in wrong order":  {"GET /status", 200, statusBody("healthy", databaseUp, managerUp, `[{"name":"session_manager","status":"pass","duration_ms":1},{"name":"database","status":"pass","duration_ms":1}]`)},
		"error on pass":          {"GET /status", 200, statusBody("healthy", databaseUp, managerUp, strings.Replace(checksPass, "45}", `45,"error":"X"}`, 1))},
		"one check":              {"GET /status", 200, statusBody("healthy", databaseUp, managerUp, `[{"name":"database","status":"pass","duration_ms":1}]`)},
		"other code":             {"GET /api/whatsapp/51/qr", 403, `{"ok":false,"error":"QR_ACCESS_DENIED","message":"no"}`},
		"QR in a refusal":        {"GET /api/whatsapp/51/qr", 403, `{"ok":false,"error":"QR_NOT_AUTHORIZED","message":"no","qr_string":"x"}`},
		"not the 404's envelope": {"GET /api/none", 404, failure},
		"no JSON":                {"GET /health", 200, "healthy"},
		"nothing":                {"GET /health", 200, ""},
		"body to HEAD":           {"HEAD /health", 200, "x"},
		"OPTIONS answered":       {"OPTIONS /health", 200, ""},
	} {
		if err := a.check(v, http.Header{"Content-Type": {jsonType}}); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	v := New(t)
	tests := map[string]struct {
		answer
		header http.Header
		good   bool
	}{
		"too many":      {answer{"POST /auth/login", 429, failure}, http.Header{"Content-Type": {jsonType}, "Retry-After": {"30"}}, true},
		"no number":     {answer{"POST /auth/login", 429, failure}, http.Header{"Content-Type": {jsonType}, "Retry-After": {"soon"}}, false},
		"no type":       {answer{"POST /auth/login", 401, failure}, http.Header{}, false},
		"no charset":    {answer{"POST /auth/login", 401, failure}, http.Header{"Content-Type": {"application/json"}}, false},
		"picture":       {answer{"GET /session-manager/qr", 200, "\x89PNG"}, http.Header{"Content-Type": {"image/png"}, "Cache-Control": {"no-store"}}, true},
		"cached":        {answer{"GET /session-manager/qr", 200, "\x89PNG"}, http.Header{"Content-Type": {"image/png"}}, false},
		"picture, JSON": {answer{"GET /session-manager/qr", 200, "{}"}, http.Header{"Content-Type": {jsonType}, "Cache-Control": {"no-store"}}, false},
		"preflight":     {answer{"OPTIONS /api/x", 204, ""}, http.Header{"Access-Control-Allow-Methods": {"GET"}}, true},
	}
	for name, test := range tests {
		if err := test.check(v, test.header); (err == nil) != test.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongDocument(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", `{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{"/a":{"get":{"responses":{"200":{"$ref":"#/components/responses/none"}}}}}}`} {
		if _, err := load([]byte(text)); err == nil {
			t.Errorf("%q passes", text)
		}
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	v := New(t)
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	for _, r := range v.Routes() {
		method, path, _ := strings.Cut(r, " ")
		if r != "HEAD /status" {
			engine.Handle(method, path, func(*gin.Context) {})
		}
	}
	engine.PUT("/api/none", func(*gin.Context) {})
	want := []string{
		"PUT /api/none is served and not described: add it to openapi.json",
		"HEAD /status is described and not served: mount it, or take it out of openapi.json",
	}
	if got := v.Differences(engine.Routes()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	got := New(t).Routes()
	for _, want := range []string{
		"GET /health", "GET /api/health", "GET /status", "HEAD /api/status", "POST /auth/login", "POST /api/auth/login",
		"GET /api/whatsapp/:clienteId/qr", "GET /whatsapp/:clienteId/qr", "DELETE /api/admin/whatsapp/:clienteId/qr", "GET /api/openapi.json",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
	for _, none := range []string{"GET /openapi.json", "GET /api/api/health", "HEAD /auth/login"} {
		if slices.Contains(got, none) {
			t.Errorf("%s is described", none)
		}
	}
}

// The description itself is served as it is described.
func TestServed(t *testing.T) {
	t.Parallel()
	v := New(t)
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(web.RequestID, web.CORS)
	apidoc.Routes(engine)
	r := httptest.NewRequest(http.MethodGet, "/api/openapi.json", nil)
	get := func() *http.Response {
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		response := w.Result()
		response.Request = r
		return response
	}
	response := get()
	v.CheckResponse(t, response)
	if body, err := io.ReadAll(response.Body); err != nil || !slices.Equal(body, apidoc.Document()) {
		t.Errorf("another document is served: %v", err)
	}
	for name, spoil := range map[string]func(*http.Response){
		"cut":     func(r *http.Response) { r.Body = failing{} },
		"no CORS": func(r *http.Response) { r.Header.Del("Access-Control-Allow-Origin") },
		"no id":   func(r *http.Response) { r.Header.Del("X-Request-Id") },
	} {
		response, broken := get(), &recorder{TB: t}
		spoil(response)
		if v.CheckResponse(broken, response); !broken.failed {
			t.Errorf("%s passes", name)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cut") }
func (failing) Close() error             { return nil }

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }
