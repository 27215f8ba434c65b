package whatsappqr

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// gate lets everybody through or nobody.
type gate bool

func (g gate) IsAuthorized(_ context.Context, clientID int64) bool { return bool(g) && clientID == 51 }

// upstream is a Session Manager of one session, and of one answer to who wants a QR
// code. A status of 0 means that nobody may ask.
type upstream struct {
	session, qr         string
	sessionCode, qrCode int
}

func (u upstream) serve(t *testing.T) http.Handler {
	mux := http.NewServeMux()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if status == 0 || r.Header.Get("X-Cliente-Id") != "51" {
				t.Errorf("unexpected: %s %s, customer %q", r.Method, r.URL, r.Header.Get("X-Cliente-Id"))
			}
			w.WriteHeader(max(status, 100))
			io.WriteString(w, body)
		}
	}
	mux.HandleFunc("GET /api/session-manager/sessions/sender_51", answer(u.sessionCode, u.session))
	mux.HandleFunc("POST /api/session-manager/sessions/sender_51/qr", answer(u.qrCode, u.qr))
	return mux
}

// publicHub is the public routes over a Session Manager, and what they print on stderr.
type publicHub struct {
	http.Handler
	stderr *bytes.Buffer
}

func newPublicHub(t *testing.T, g Gate, handler http.Handler) publicHub {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return hubOver(t, g, server.URL)
}

func hubOver(t *testing.T, g Gate, url string) publicHub {
	t.Helper()
	var stderr bytes.Buffer
	out := console.New(io.Discard, &stderr)
	client, err := sessionmanager.New(url, out)
	if err != nil {
		t.Fatal(err)
	}
	return publicHub{newEngine(NewController(g, client, out), AdminController{}), &stderr}
}

func newEngine(public Controller, admin AdminController, guards ...gin.HandlerFunc) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(web.CORS, web.Body)
	Routes(engine, public, admin, guards...)
	engine.NoRoute(web.NotFound)
	return engine
}

func do(handler http.Handler, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func check(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || w.Body.String() != body {
		t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, status, body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if w.Header().Get("ETag") != "" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	const withQR = `{"zeta":{"a":1.50},"status":"qr_required","qr_string":"data:x","phone_number":null,"id":9007199254740993}`
	const proxy = "[whatsapp-proxy] Error obteniendo status para cliente 51: "
	tests := map[string]struct {
		authorized gate
		upstream   upstream
		status     int
		body, log  string
	}{
		"as received": {true, upstream{session: withQR, sessionCode: 200}, 200, `{"ok":true,"session":` + withQR + `}`, ""},
		"no QR code without authorization": {false, upstream{session: withQR, sessionCode: 200}, 200,
			`{"ok":true,"session":{"zeta":{"a":1.50},"status":"qr_required","phone_number":null,"id":9007199254740993}}`, ""},
		"nothing to hide": {false, upstream{session: `{"status":"connected","qr_string":null,"url":"<&>"}`, sessionCode: 200}, 200,
			`{"ok":true,"session":{"status":"connected","qr_string":null,"url":"<&>"}}`, ""},
		"a status of its own": {false, upstream{session: `{"status":"READY"}`, sessionCode: 200}, 200, `{"ok":true,"session":{"status":"READY"}}`, ""},
		"unknown": {true, upstream{sessionCode: 404}, 404, `{"ok":false,"error":"SESSION_NOT_FOUND","message":"Sesión no encontrada para cliente 51"}`,
			proxy + "Sesión no encontrada\n"},
		"500": {true, upstream{sessionCode: 500, session: "secret"}, 502, `{"ok":false,"error":"SESSION_MANAGER_UNAVAILABLE","message":"Session Manager no está disponible"}`,
			proxy + "Session Manager no está disponible\n"},
		"garbage": {true, upstream{sessionCode: 200, session: "<html>"}, 502, `{"ok":false,"error":"SESSION_MANAGER_UNAVAILABLE","message":"Session Manager no está disponible"}`,
			proxy + "Session Manager no está disponible\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub := newPublicHub(t, test.authorized, test.upstream.serve(t))
			check(t, do(hub, "GET", "/api/whatsapp/51/status", ""), test.status, test.body)
			if !strings.HasSuffix(hub.stderr.String(), test.log) || (test.log == "") != (hub.stderr.Len() == 0) {
				t.Errorf("printed %q, want %q at its end", hub.stderr, test.log)
			}
			check(t, do(hub, "GET", "/whatsapp/51/status", ""), test.status, test.body)
		})
	}
}

func TestQR(t *testing.T) {
	t.Parallel()
	const code = `{"qr_string":"data:image/png;base64,QQ==","qr_expires_at":"2026-01-05T10:00:00.000Z"}`
	const given = `{"ok":true,"qr_string":"data:image/png;base64,QQ==","qr_expires_at":"2026-01-05T10:00:00.000Z","status":`
	const unavailable = `{"ok":false,"error":"SESSION_MANAGER_UNAVAILABLE","message":"Session Manager no está disponible"}`
	const connected = `{"ok":false,"error":"SESSION_ALREADY_CONNECTED","message":"La sesión ya está conectada"}`
	const failed = `{"ok":false,"error":"QR_GENERATION_FAILED","message":"No se pudo generar el código QR"}`
	read := func(session string) upstream { return upstream{session: session, sessionCode: 200} }
	request := func(status string, qrCode int, qr string) upstream {
		return upstream{`{"status":"` + status + `"}`, qr, 200, qrCode}
	}
	tests := map[string]struct {
		upstream upstream
		status   int
		body     string
		logged   bool
	}{
		"unknown": {upstream{sessionCode: 404}, 404,
			`{"ok":false,"error":"SESSION_NOT_FOUND","message":"Sesión no encontrada para cliente 51. Debe inicializarse primero."}`, false},
		"init":                          {request("init", 200, code), 200, given + `"init"}`, false},
		"qr_required":                   {request("qr_required", 200, code), 200, given + `"qr_required"}`, false},
		"disconnected":                  {request("disconnected", 200, code), 200, given + `"disconnected"}`, false},
		"no expiry":                     {request("init", 200, `{"qr_string":"x"}`), 200, `{"ok":true,"qr_string":"x","status":"init"}`, false},
		"null expiry":                   {request("init", 200, `{"qr_string":"x","qr_expires_at":null}`), 200, `{"ok":true,"qr_string":"x","qr_expires_at":null,"status":"init"}`, false},
		"init, connected meanwhile":     {request("init", 409, "{}"), 409, connected, false},
		"required, connected meanwhile": {request("qr_required", 409, "{}"), 409, connected, false},
		"disconnected, connected then":  {request("disconnected", 409, "{}"), 409, connected, false},
		"init, no QR":                   {request("init", 500, "{}"), 500, failed, false},
		"required, no QR":               {request("qr_required", 500, "{}"), 500, failed, false},
		"disconnected, no QR":           {request("disconnected", 500, "{}"), 500, failed, false},
		"QR for nobody":                 {request("init", 404, "{}"), 502, unavailable, true},
		"QR of garbage":                 {request("init", 200, "x"), 502, unavailable, true},
		"connected": {read(`{"status":"connected","phone_number":"549"}`), 409,
			`{"ok":false,"error":"SESSION_ALREADY_CONNECTED","message":"La sesión ya está conectada. No se necesita escanear QR.","phone_number":"549"}`, false},
		"connected, unknown number": {read(`{"status":"connected","phone_number":null}`), 409,
			`{"ok":false,"error":"SESSION_ALREADY_CONNECTED","message":"La sesión ya está conectada. No se necesita escanear QR.","phone_number":null}`, false},
		"connecting": {read(`{"status":"connecting","qr_string":"x"}`), 200,
			`{"ok":true,"status":"connecting","message":"QR escaneado, esperando conexión..."}`, false},
		"error": {read(`{"status":"error","last_error_code":"E1","last_error_message":null}`), 500,
			`{"ok":false,"error":"SESSION_ERROR","message":"La sesión está en estado de error","last_error_code":"E1","last_error_message":null}`, false},
		"another status": {read(`{"status":"READY"}`), 500,
			`{"ok":false,"error":"UNKNOWN_SESSION_STATUS","message":"Estado de sesión desconocido: READY"}`, false},
		"session 500": {upstream{sessionCode: 500}, 502, unavailable, true},
		"garbage":     {read("[1]"), 502, unavailable, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub := newPublicHub(t, gate(true), test.upstream.serve(t))
			check(t, do(hub, "GET", "/api/whatsapp/51/qr", ""), test.status, test.body)
			const line = "[whatsapp-proxy] Error en endpoint QR para cliente 51: Session Manager no está disponible\n"
			if strings.HasSuffix(hub.stderr.String(), line) != test.logged || strings.Count(hub.stderr.String(), "whatsapp-proxy") > 1 {
				t.Errorf("printed %q", hub.stderr)
			}
			check(t, do(hub, "GET", "/whatsapp/51/qr", ""), test.status, test.body)
		})
	}
}

// Who is not authorized is refused before anybody else is asked, and without a line.
func TestQRGate(t *testing.T) {
	t.Parallel()
	hub := newPublicHub(t, gate(false), upstream{}.serve(t))
	for _, path := range []string{"/api/whatsapp/51/qr", "/whatsapp/51/qr"} {
		check(t, do(hub, "GET", path, ""), 403, `{"ok":false,"error":"QR_NOT_AUTHORIZED","message":"QR no autorizado para este cliente"}`)
	}
	if hub.stderr.Len() > 0 {
		t.Errorf("printed %s", hub.stderr)
	}
}

func TestQRIsNotKept(t *testing.T) {
	t.Parallel()
	hub := newPublicHub(t, gate(true), upstream{`{"status":"init"}`, `{"qr_string":"x"}`, 200, 200}.serve(t))
	if got := do(hub, "GET", "/api/whatsapp/51/qr", "").Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
}

func TestCustomerOfThePath(t *testing.T) {
	t.Parallel()
	hub := newPublicHub(t, gate(true), upstream{}.serve(t))
	for _, id := range []string{"0", "-1", "51abc", "abc", "5.1", "+51", "%2051", "1e3", "9223372036854775808", "51;drop", "' OR 1=1"} {
		for _, route := range []string{"status", "qr"} {
			path := "/api/whatsapp/" + strings.ReplaceAll(id, " ", "%20") + "/" + route
			check(t, do(hub, "GET", path, ""), 400, `{"ok":false,"error":"INVALID_CLIENT_ID","message":"clienteId debe ser un número positivo"}`)
		}
	}
	if hub.stderr.Len() > 0 {
		t.Errorf("printed %s", hub.stderr)
	}
}

func TestSessionManagerIsDown(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	hub := hubOver(t, gate(true), server.URL)
	for _, route := range []string{"status", "qr"} {
		check(t, do(hub, "GET", "/api/whatsapp/51/"+route, ""), 502,
			`{"ok":false,"error":"SESSION_MANAGER_UNAVAILABLE","message":"Session Manager no está disponible"}`)
	}
}

// failing is a Session Manager whose every call ends with err.
type failing struct{ err error }

func (f failing) Session(context.Context, string, int64) (sessionmanager.Session, error) {
	return sessionmanager.Session{}, f.err
}

func (f failing) RequestQR(context.Context, string, int64) (sessionmanager.QR, error) {
	return sessionmanager.QR{}, f.err
}

func TestOtherFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		status int
		body   string
		line   string
	}{
		"timeout": {&sessionmanager.Error{Kind: sessionmanager.Timeout, Limit: 30 * time.Second}, 504,
			`{"ok":false,"error":"GATEWAY_TIMEOUT","message":"Session Manager no respondió a tiempo"}`,
			"Timeout al conectar con Session Manager (30000ms)"},
		"a kind of no route": {&sessionmanager.Error{Kind: sessionmanager.SessionNotReady}, 500,
			`{"ok":false,"error":"INTERNAL_ERROR","message":"Sesión de WhatsApp no está lista"}`,
			"Sesión de WhatsApp no está lista"},
		"something else": {errors.New("dial 10.0.0.1: no"), 500,
			`{"ok":false,"error":"INTERNAL_ERROR","message":"Error interno del servidor"}`,
			"dial 10.0.0.1: no"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			hub := newEngine(NewController(gate(true), failing{test.err}, console.New(io.Discard, &stderr)), AdminController{})
			check(t, do(hub, "GET", "/api/whatsapp/51/status", ""), test.status, test.body)
			check(t, do(hub, "GET", "/api/whatsapp/51/qr", ""), test.status, test.body)
			want := "[whatsapp-proxy] Error obteniendo status para cliente 51: " + test.line + "\n" +
				"[whatsapp-proxy] Error en endpoint QR para cliente 51: " + test.line + "\n"
			if stderr.String() != want {
				t.Errorf("printed %q, want %q", &stderr, want)
			}
		})
	}
}

// A client that has left is no trouble to tell of.
func TestClientThatHasLeft(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	hub := newEngine(NewController(gate(true), failing{errors.New("canceled")}, console.New(io.Discard, &stderr)), AdminController{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, path := range []string{"/api/whatsapp/51/status", "/api/whatsapp/51/qr"} {
		hub.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", path, nil))
	}
	if stderr.Len() > 0 {
		t.Errorf("printed %s", &stderr)
	}
}
