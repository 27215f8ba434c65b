package sessions

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// gate lets everybody through or nobody.
type gate bool

func (g gate) IsAuthorized(context.Context, int64) bool { return bool(g) }

// upstream is a Session Manager of one session, and of one answer to who wants a QR
// code. A qrCode of 0 means that nobody may ask.
type upstream struct {
	session     string
	sessionCode int
	qrCode      int
}

const instancePath = "/api/session-manager/sessions/sender_51"

func (u upstream) serve(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := r.Method + " " + r.URL.Path
		switch {
		case r.Header.Get("X-Cliente-Id") != "51":
			t.Errorf("%s for customer %q", request, r.Header.Get("X-Cliente-Id"))
		case request == "GET "+instancePath:
			w.WriteHeader(u.sessionCode)
			io.WriteString(w, u.session)
		case request == "POST "+instancePath+"/qr" && u.qrCode != 0:
			w.WriteHeader(u.qrCode)
			io.WriteString(w, `{"qr_string":"x"}`)
		default:
			t.Errorf("unexpected %s", request)
		}
	})
}

// hub is the routes for the customer 51, and what they print on stderr.
type hub struct {
	http.Handler
	stderr *bytes.Buffer
}

func newHub(t *testing.T, g Gate, customers Customers, handler http.Handler) hub {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	var stderr bytes.Buffer
	client, err := sessionmanager.New(server.URL, console.New(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	out := console.New(io.Discard, &stderr)
	return hub{newEngine(NewController(NewService(client, g, customers, out), out), pass), &stderr}
}

func newEngine(controller Controller, requireAdmin gin.HandlerFunc) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(web.CORS, web.Body)
	Routes(engine, controller, login, requireAdmin)
	engine.NoRoute(web.NotFound)
	return engine
}

func login(c *gin.Context) {
	if c.GetHeader("Authorization") == "" {
		web.Fail(c, http.StatusUnauthorized, "Token no proporcionado")
		return
	}
	auth.SetCurrentUser(c, auth.Claims{ID: 7, ClienteID: 51, Tipo: "cliente"})
}

func pass(*gin.Context) {}

func do(handler http.Handler, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func check(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || w.Body.String() != body {
		t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, status, body)
	}
}

// both runs a request with the prefix /api and without.
func both(t *testing.T, h http.Handler, method, path, body string, status int, want string) {
	t.Helper()
	for _, prefix := range []string{"/api/session-manager", "/session-manager"} {
		check(t, do(h, method, prefix+path, body), status, want)
	}
}

const (
	conectado    = `{"state":"conectado","hasQR":false,"ready":true,"connecting":false}`
	conectando   = `{"state":"conectando","hasQR":false,"ready":false,"connecting":true}`
	qrListo      = `{"state":"qr","hasQR":true,"ready":false,"connecting":false}`
	qrSin        = `{"state":"qr","hasQR":false,"ready":false,"connecting":false}`
	desconectado = `{"state":"desconectado","hasQR":false,"ready":false,"connecting":false}`
	withQR       = `{"status":"qr_required","qr_status":"generated","qr_string":"data:image/png;base64,QQ=="}`
)

func TestState(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		gate    gate
		code    int
		session string
		want    string
	}{
		"connected":        {true, 200, `{"status":"connected","qr_string":"x"}`, conectado},
		"connecting":       {true, 200, `{"status":"connecting"}`, conectando},
		"QR":               {true, 200, withQR, qrListo},
		"QR not for them":  {false, 200, withQR, qrSin},
		"QR expired":       {true, 200, `{"status":"qr_required","qr_status":"expired","qr_string":"x"}`, qrSin},
		"QR used":          {true, 200, `{"status":"qr_required","qr_status":"used","qr_string":"x"}`, qrSin},
		"no QR yet":        {true, 200, `{"status":"qr_required","qr_string":null}`, qrSin},
		"init":             {true, 200, `{"status":"init","qr_string":"x"}`, desconectado},
		"disconnected":     {true, 200, `{"status":"disconnected"}`, desconectado},
		"error":            {true, 200, `{"status":"error"}`, desconectado},
		"a strange status": {true, 200, `{"status":"READY"}`, desconectado},
		"no session":       {true, 404, ``, desconectado},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, test.gate, nil, upstream{test.session, test.code, 0}.serve(t))
			both(t, h, "GET", "/state", "", 200, test.want)
			both(t, h, "GET", "/status", "", 200, `{"status":"session-manager ok","clienteId":51,"whatsappState":`+test.want+`}`)
			if h.stderr.Len() > 0 {
				t.Errorf("printed %s", h.stderr)
			}
		})
	}
}

func TestStateFails(t *testing.T) {
	t.Parallel()
	h := newHub(t, gate(true), nil, upstream{"secret", 500, 0}.serve(t))
	both(t, h, "GET", "/state", "", 500, `{"success":false,"error":"Session Manager no está disponible"}`)
	h.stderr.Reset()
	check(t, do(h, "GET", "/session-manager/status", ""), 500, `{"success":false,"error":"Session Manager no está disponible"}`)
	if got := h.stderr.String(); got != "[session-manager] Error en status para cliente 51: Session Manager no está disponible\n" {
		t.Errorf("printed %q", got)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	ok := func(message, state string) string {
		return `{"success":true,"message":"` + message + `","state":` + state + `}`
	}
	const begun, ready, busy = "Iniciando conexión WhatsApp. Escanea el QR cuando aparezca.", "WhatsApp ya está conectado", "WhatsApp ya se está conectando"
	no := func(message string) string { return `{"success":false,"error":"` + message + `"}` }
	tests := map[string]struct {
		gate     gate
		upstream upstream
		status   int
		body     string
	}{
		"init":                {true, upstream{`{"status":"init"}`, 200, 200}, 200, ok(begun, qrListo)},
		"QR required":         {true, upstream{withQR, 200, 200}, 200, ok(begun, qrListo)},
		"disconnected":        {true, upstream{`{"status":"disconnected"}`, 200, 200}, 200, ok(begun, qrListo)},
		"not authorized":      {false, upstream{`{"status":"init"}`, 200, 0}, 403, no("QR no autorizado para este cliente")},
		"connected":           {false, upstream{`{"status":"connected"}`, 200, 0}, 200, ok(ready, conectado)},
		"connecting":          {false, upstream{`{"status":"connecting"}`, 200, 0}, 200, ok(busy, conectando)},
		"connected meanwhile": {true, upstream{`{"status":"init"}`, 200, 409}, 200, ok(ready, conectado)},
		"no QR":               {true, upstream{`{"status":"init"}`, 200, 500}, 500, no("Falló la generación del código QR")},
		"error":               {true, upstream{`{"status":"error"}`, 200, 0}, 500, no("La sesión está en estado de error")},
		"no session":          {true, upstream{``, 404, 0}, 500, no("Sesión no encontrada")},
		"garbage":             {true, upstream{`<`, 200, 0}, 500, no("Session Manager no está disponible")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, test.gate, nil, test.upstream.serve(t))
			both(t, h, "POST", "/login", "", test.status, test.body)
			logged := h.stderr.Len() > 0
			if logged != (test.status == 500) {
				t.Errorf("printed %q", h.stderr)
			}
		})
	}
}

func TestQRImage(t *testing.T) {
	t.Parallel()
	image := pngSignature + "\x00\xff picture"
	url := "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte(image))
	h := newHub(t, gate(true), nil, upstream{`{"status":"qr_required","qr_string":"` + url + `"}`, 200, 0}.serve(t))
	for _, prefix := range []string{"/api", ""} {
		w := do(h, "GET", prefix+"/session-manager/qr", "")
		check(t, w, 200, image)
		if w.Header().Get("Content-Type") != "image/png" || w.Header().Get("Cache-Control") != "no-cache, no-store, must-revalidate" {
			t.Errorf("headers %v", w.Header())
		}
	}
}

func TestNoQRImage(t *testing.T) {
	t.Parallel()
	const none = `{"error":"QR no disponible. Espera a que se genere o verifica el estado en /session-manager/state"}`
	const broken = `{"error":"Error generando QR","details":"Error interno del servidor"}`
	withURL := func(url string) string { return `{"status":"qr_required","qr_string":"` + url + `"}` }
	html := base64.StdEncoding.EncodeToString([]byte("<script>"))
	tests := map[string]struct {
		session string
		code    int
		status  int
		body    string
	}{
		"no session":      {``, 404, 404, none},
		"connected":       {`{"status":"connected","qr_string":"x"}`, 200, 404, none},
		"not made yet":    {`{"status":"qr_required","qr_string":null}`, 200, 404, none},
		"expired":         {`{"status":"qr_required","qr_status":"expired","qr_string":"x"}`, 200, 404, none},
		"no data URL":     {withURL("https://x/qr.png"), 200, 500, broken},
		"no base64":       {withURL("data:image/png;base64,***"), 200, 500, broken},
		"no image":        {withURL("data:image/png;base64," + html), 200, 500, broken},
		"of another type": {withURL("data:text/html;base64," + html), 200, 500, broken},
		"upstream fails":  {`secret`, 500, 500, `{"error":"Error generando QR","details":"Session Manager no está disponible"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, gate(true), nil, upstream{test.session, test.code, 0}.serve(t))
			both(t, h, "GET", "/qr", "", test.status, test.body)
		})
	}
}

// Without authorization the Session Manager is not even asked.
func TestQRImageGate(t *testing.T) {
	t.Parallel()
	h := newHub(t, gate(false), nil, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("unexpected %s", r.URL)
	}))
	both(t, h, "GET", "/qr", "", 403, `{"error":"QR no autorizado para este cliente"}`)
}

func TestLogoutIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHub(t, gate(true), nil, upstream{}.serve(t))
	const want = `{"success":false,"error":"El Session Manager no ofrece cerrar la sesión de WhatsApp"}`
	both(t, h, "POST", "/logout", "", 501, want)
	both(t, h, "POST", "/admin/logout", `{"cliente_id":51}`, 501, want)
	both(t, h, "POST", "/admin/logout", `{}`, 400, `{"success":false,"error":"cliente_id requerido"}`)
}

func TestAdminLogin(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		upstream upstream
		status   int
		body     string
	}{
		"init":      {upstream{`{"status":"init"}`, 200, 200}, 200, `{"success":true,"message":"Inicializando conexión WhatsApp","state":` + qrSin + `}`},
		"connected": {upstream{`{"status":"connected"}`, 200, 0}, 200, `{"success":true,"message":"Inicializando conexión WhatsApp","state":` + conectado + `}`},
		"failed":    {upstream{`{"status":"init"}`, 200, 500}, 500, `{"success":false,"error":"Falló la generación del código QR"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The administrator's own customer is another one, and has no authorization.
			h := newHub(t, gate(false), nil, test.upstream.serve(t))
			both(t, h, "POST", "/admin/login", `{"cliente_id":51}`, test.status, test.body)
			both(t, h, "POST", "/admin/login", `{"cliente_id":"51"}`, test.status, test.body)
		})
	}
}

func TestAdminLoginRefuses(t *testing.T) {
	t.Parallel()
	h := newHub(t, gate(true), nil, upstream{}.serve(t))
	for _, body := range []string{``, `{}`, `[]`, `{"cliente_id":0}`, `{"cliente_id":null}`, `{"cliente_id":""}`, `{"cliente_id":"x"}`,
		`{"cliente_id":-1}`, `{"cliente_id":1.5}`, `{"cliente_id":[51]}`, `{"cliente_id":{"a":1}}`, `{"cliente_id":"51 OR 1=1"}`} {
		both(t, h, "POST", "/admin/login", body, 400, `{"success":false,"error":"cliente_id requerido"}`)
	}
}

// fake is a Session Manager in the same process.
type fake func(ctx context.Context, clienteID int64) (string, error)

func (f fake) Session(ctx context.Context, _ string, clienteID int64) (sessionmanager.Session, error) {
	status, err := f(ctx, clienteID)
	return sessionmanager.Session{Status: status}, err
}

func (f fake) RequestQR(context.Context, string, int64) (sessionmanager.QR, error) {
	return sessionmanager.QR{}, errors.New("not asked for")
}

func listOf(manager SessionManager, customers Customers, stderr io.Writer) http.Handler {
	out := console.New(io.Discard, stderr)
	return newEngine(NewController(NewService(manager, gate(true), customers, out), out), pass)
}

func first(n int) Customers {
	return func(context.Context) ([]int64, error) {
		ids := make([]int64, n)
		for i := range ids {
			ids[i] = int64(i + 1)
		}
		return ids, nil
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	manager := fake(func(_ context.Context, id int64) (string, error) {
		if id == 2 {
			return "", &sessionmanager.Error{Kind: sessionmanager.SessionNotFound}
		}
		return sessionmanager.Connected, nil
	})
	both(t, listOf(manager, first(2), io.Discard), "GET", "/sessions", "", 200,
		`[{"clienteId":1,"sessionName":"sender_1","state":`+conectado+`},{"clienteId":2,"sessionName":"sender_2","state":`+desconectado+`}]`)
	both(t, listOf(manager, first(0), io.Discard), "GET", "/sessions", "", 200, `[]`)
}

// As many calls as may be run at once do, and no more.
func TestListInParallel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		manager := fake(func(context.Context, int64) (string, error) {
			n := running.Add(1)
			defer running.Add(-1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			<-time.After(time.Second)
			return sessionmanager.Connected, nil
		})
		start := time.Now()
		w := do(listOf(manager, first(100), io.Discard), "GET", "/session-manager/sessions", "")
		if w.Code != 200 || strings.Count(w.Body.String(), conectado) != 100 {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		if n, took := most.Load(), time.Since(start); n != 8 || took != 13*time.Second {
			t.Errorf("%d calls at once, %v", n, took)
		}
	})
}

// One failure ends the other calls and is the one that is told of.
func TestListFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		manager := fake(func(ctx context.Context, id int64) (string, error) {
			if id == 5 {
				return "", &sessionmanager.Error{Kind: sessionmanager.Unreachable}
			}
			<-ctx.Done()
			return "", &sessionmanager.Error{Kind: sessionmanager.Timeout, Cause: ctx.Err()}
		})
		var stderr bytes.Buffer
		start := time.Now()
		w := do(listOf(manager, first(100), &stderr), "GET", "/session-manager/sessions", "")
		check(t, w, 500, `{"success":false,"error":"Session Manager no está disponible"}`)
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
		if got := stderr.String(); got != "[session-manager] Error en sessions para cliente 51: Session Manager no está disponible\n" {
			t.Errorf("printed %q", got)
		}
	})
}

// A Session Manager that is slow with each session does not hold the list for ever.
func TestListLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		manager := fake(func(ctx context.Context, _ int64) (string, error) {
			select {
			case <-time.After(20 * time.Second):
				return sessionmanager.Connected, nil
			case <-ctx.Done():
				return "", &sessionmanager.Error{Kind: sessionmanager.Timeout, Cause: ctx.Err()}
			}
		})
		start := time.Now()
		w := do(listOf(manager, first(100), io.Discard), "GET", "/session-manager/sessions", "")
		check(t, w, 500, `{"success":false,"error":"Timeout al conectar con Session Manager"}`)
		if took := time.Since(start); took != listLimit {
			t.Errorf("took %v", took)
		}
	})
}

func TestListWithoutCustomers(t *testing.T) {
	t.Parallel()
	customers := func(context.Context) ([]int64, error) { return nil, errors.New("secret") }
	both(t, listOf(nil, customers, io.Discard), "GET", "/sessions", "", 500, `{"success":false,"error":"Error interno del servidor"}`)
}

// A panic in one of the goroutines must not leave the request waiting.
func TestListSurvivesPanic(t *testing.T) {
	t.Parallel()
	manager := fake(func(context.Context, int64) (string, error) { panic("boom") })
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		answer <- do(listOf(manager, first(1), io.Discard), "GET", "/session-manager/sessions", "")
	}()
	select {
	case w := <-answer:
		check(t, w, 500, `{"success":false,"error":"Error interno del servidor"}`)
	case <-time.After(10 * time.Second):
		t.Error("no answer")
	}
}

var routes = map[string]bool{ // the value: for administrators alone
	"GET /status": false, "GET /state": false, "POST /login": false, "POST /logout": false, "GET /qr": false,
	"GET /sessions": true, "POST /admin/login": true, "POST /admin/logout": true,
}

func TestGuards(t *testing.T) {
	t.Parallel()
	manager := fake(func(context.Context, int64) (string, error) { return sessionmanager.Connected, nil })
	out := console.New(io.Discard, io.Discard)
	deny := func(c *gin.Context) { web.Fail(c, http.StatusForbidden, "no") }
	h := newEngine(NewController(NewService(manager, gate(true), first(1), out), out), deny)
	for route, admin := range routes {
		method, path, _ := strings.Cut(route, " ")
		for _, prefix := range []string{"/api", ""} {
			target := prefix + "/session-manager" + path
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
			check(t, w, 401, `{"success":false,"message":"Token no proporcionado"}`)
			if got := do(h, method, target, ""); (got.Code == 403) != admin {
				t.Errorf("%s without the admin role: %d", route, got.Code)
			}
		}
	}
}

func TestUnknownPath(t *testing.T) {
	t.Parallel()
	h := newHub(t, gate(true), nil, upstream{}.serve(t))
	for _, path := range []string{"/api/session-manager", "/api/session-manager/nope", "/session-manager/admin"} {
		w := do(h, "GET", path, "")
		want := fmt.Sprintf(`{"error":"Not Found","message":"Endpoint %s no existe",`, path)
		if w.Code != 404 || !strings.HasPrefix(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
