package sessionmanager

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
)

const instance = "sender_51"

// service is a Session Manager that a test makes up, and the client that calls it.
type service struct {
	*Client
	*httptest.Server
	stdout, stderr bytes.Buffer
}

func newService(t *testing.T, handler http.HandlerFunc) *service {
	t.Helper()
	s := &service{Server: httptest.NewServer(handler)}
	t.Cleanup(s.Server.Close)
	client, err := New(s.URL+"/", console.New(&s.stdout, &s.stderr))
	if err != nil {
		t.Fatal(err)
	}
	s.Client = client
	t.Cleanup(client.http.CloseIdleConnections)
	return s
}

// answering returns a Session Manager that always says the same.
func answering(t *testing.T, status int, body string) *service {
	t.Helper()
	return newService(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

func (s *service) printed(t *testing.T, stdout, stderr string) {
	t.Helper()
	if s.stdout.String() != stdout || s.stderr.String() != stderr {
		t.Errorf("printed %q and %q, want %q and %q", &s.stdout, &s.stderr, stdout, stderr)
	}
}

// checkError wants an Error of kind, with a cause where a status was the reason.
func checkError(t *testing.T, err error, kind Kind, status int) {
	t.Helper()
	var failed *Error
	if !errors.As(err, &failed) || !errors.Is(err, kind) || failed.Error() != kind.Error() {
		t.Fatalf("got %v, want %v", err, kind)
	}
	var code StatusError
	if errors.As(err, &code) != (status != 0) || int(code) != status {
		t.Errorf("the cause is %v, want status %d", failed.Cause, status)
	}
}

const sessionText = `{"id":7,"instance_id":"sender_51","phone_number":null,"status":"qr_required","qr_status":"generated",` +
	`"qr_string":"data:image/png;base64,QQ==","extra":{"b":1e400,"a":2}}`

func TestSession(t *testing.T) {
	t.Parallel()
	s := answering(t, 200, sessionText)
	got, err := s.Session(t.Context(), instance, 51)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != QRRequired || got.QRStatus != "generated" || got.QRString != "data:image/png;base64,QQ==" || !got.HasQR {
		t.Errorf("got %+v", got)
	}
	if string(got.PhoneNumber) != "null" || got.LastErrorCode != nil || string(got.JSON) != sessionText {
		t.Errorf("got %s, %s, %s", got.PhoneNumber, got.LastErrorCode, got.JSON)
	}
	s.printed(t, "[SessionManager] ✅ Sesión obtenida: sender_51 (status: qr_required)\n", "")
}

func TestSessionStatuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"status":"CONNECTED"}`:             "CONNECTED",
		`{"status":5}`:                       "5",
		`{"status":null}`:                    "null",
		`{"STATUS":"connected"}`:             "",
		`{"status":"init","status":"error"}`: "error",
	} {
		if got, err := parseSession([]byte(body)); err != nil || got.Status != want {
			t.Errorf("%s: got %q, %v, want %q", body, got.Status, err, want)
		}
	}
}

func TestWithoutQR(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		sessionText:         `{"id":7,"instance_id":"sender_51","phone_number":null,"status":"qr_required","qr_status":"generated","extra":{"b":1e400,"a":2}}`,
		`{"qr_string":"a"}`: `{}`,
		`{}`:                `{}`,
		`{"\u0071r_string":"a","z":1,"qr_string":2}`: `{"z":1}`,
		`{"z":"é\n","a":{"qr_string":null}}`:         `{"z":"é\n","a":{"qr_string":null}}`,
	} {
		session, err := parseSession([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := session.WithoutQR(); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", body, got, err, want)
		}
	}
}

func TestSessionFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		kind   Kind
		cause  int
		stderr string
	}{
		"404":           {404, "x", SessionNotFound, 404, "❌ Sesión no encontrada: sender_51\n"},
		"500":           {500, "a\nb\x1b[2J", Unreachable, 500, "❌ Error inesperado (500): a b [2J\n"},
		"409":           {409, "", Unreachable, 409, "❌ Error inesperado (409): \n"},
		"redirect":      {302, "", Unreachable, 302, "❌ Error inesperado (302): \n"},
		"HTML":          {200, "<html>", Unreachable, 0, ""},
		"list":          {200, "[]", Unreachable, 0, ""},
		"null":          {200, "null", Unreachable, 0, ""},
		"two objects":   {200, "{}{}", Unreachable, 0, ""},
		"nothing":       {204, "", Unreachable, 0, ""},
		"much too long": {200, `{}` + strings.Repeat(" ", maxAnswer), Unreachable, 0, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answering(t, test.status, test.body)
			_, err := s.Session(t.Context(), instance, 51)
			checkError(t, err, test.kind, test.cause)
			if test.stderr != "" {
				test.stderr = "[SessionManager] " + test.stderr
			}
			s.printed(t, "", test.stderr)
		})
	}
}

func TestRequestQR(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status         int
		body           string
		kind           Kind
		cause          int
		stdout, stderr string
	}{
		"made":            {200, `{"qr_string":"data:x","qr_expires_at":"2026-01-05T10:00:00.000Z"}`, "", 0, "✅ QR generado para sender_51\n", ""},
		"connected":       {409, "{}", AlreadyConnected, 409, "", "❌ Sesión ya conectada: sender_51\n"},
		"failed":          {500, `{"e":1}`, QRGenerationFailed, 500, "", "❌ Error generando QR: {\"e\":1}\n"},
		"unknown":         {404, `no`, Unreachable, 404, "", "❌ Error inesperado (404): no\n"},
		"no code":         {200, `{}`, Unreachable, 0, "", ""},
		"empty code":      {200, `{"qr_string":""}`, Unreachable, 0, "", ""},
		"code of no text": {200, `{"qr_string":1}`, Unreachable, 0, "", ""},
		"garbage":         {200, `hello`, Unreachable, 0, "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answering(t, test.status, test.body)
			qr, err := s.RequestQR(t.Context(), instance, 51)
			if test.kind != "" {
				checkError(t, err, test.kind, test.cause)
			} else if err != nil || qr.String != "data:x" || string(qr.ExpiresAt) != `"2026-01-05T10:00:00.000Z"` {
				t.Errorf("got %+v, %v", qr, err)
			}
			s.printed(t, prefixed(test.stdout), prefixed(test.stderr))
		})
	}
}

func prefixed(line string) string {
	if line == "" {
		return ""
	}
	return "[SessionManager] " + line
}

func TestSendMessage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status         int
		kind           Kind
		stdout, stderr string
	}{
		"sent":       {200, "", "✅ Mensaje enviado a 549\n", ""},
		"accepted":   {202, "", "✅ Mensaje enviado a 549\n", ""},
		"invalid":    {400, Invalid, "", "❌ Error de validación: {\"ok\":true}\n"},
		"not ready":  {409, SessionNotReady, "", "❌ Sesión no lista: {\"ok\":true}\n"},
		"failed":     {500, WhatsAppFailed, "", "❌ Error interno de WhatsApp: {\"ok\":true}\n"},
		"unexpected": {503, Unreachable, "", "❌ Error inesperado (503): {\"ok\":true}\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answering(t, test.status, `{"ok":true}`)
			got, err := s.SendMessage(t.Context(), Message{51, "549", "hola"})
			if test.kind != "" {
				checkError(t, err, test.kind, test.status)
			} else if err != nil || string(got) != `{"ok":true}` {
				t.Errorf("got %s, %v", got, err)
			}
			s.printed(t, prefixed(test.stdout), prefixed(test.stderr))
		})
	}
	s := answering(t, 200, "ok")
	_, err := s.SendMessage(t.Context(), Message{})
	checkError(t, err, Unreachable, 0)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status    int
		body      string
		good      bool
		connected bool
	}{
		"ready":         {200, `{"status":"ok","whatsapp_state":"READY"}`, true, true},
		"another state": {200, `{"status":"ok","whatsapp_state":"QR_REQUIRED"}`, true, false},
		"no state":      {200, `{"status":"ok"}`, true, false},
		"state of 5":    {200, `{"whatsapp_state":5}`, true, false},
		"no JSON":       {200, `OK`, true, false},
		"nothing":       {204, ``, true, false},
		"503":           {503, `{"whatsapp_state":"READY"}`, false, false},
		"404":           {404, ``, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answering(t, test.status, test.body)
			got, err := s.Health(t.Context())
			s.printed(t, "", "")
			if got.WhatsAppConnected() != test.connected {
				t.Errorf("got %+v", got)
			}
			check := s.CheckHealth(t.Context())
			if test.good {
				if err != nil || check != nil || string(got.Body) != test.body {
					t.Errorf("got %s, %v, %v", got.Body, err, check)
				}
				s.printed(t, "[SessionManager] Iniciando health check...\n[SessionManager] ✅ Health check OK\n", "")
				return
			}
			checkError(t, err, Unreachable, test.status)
			checkError(t, check, Unreachable, test.status)
			s.printed(t, "[SessionManager] Iniciando health check...\n",
				"[SessionManager] ❌ Health check falló: Session Manager no está disponible\n")
		})
	}
}

// seen is what of a request matters here.
type seen struct{ request, contentType, clienteID, body string }

func TestRequests(t *testing.T) {
	t.Parallel()
	requests := make(chan seen, 1)
	s := newService(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- seen{r.Method + " " + r.RequestURI, r.Header.Get("Content-Type"), r.Header.Get("X-Cliente-Id"), string(body)}
		io.WriteString(w, `{"qr_string":"x"}`)
	})
	tests := map[string]struct {
		call func() error
		want seen
	}{
		"health": {
			func() error { return s.CheckHealth(t.Context()) },
			seen{"GET /health", "application/json", "", ""},
		},
		"session": {
			func() error { _, err := s.Session(t.Context(), Instance(51), 51); return err },
			seen{"GET /api/session-manager/sessions/sender_51", "application/json", "51", ""},
		},
		"session of an odd name": {
			func() error { _, err := s.Session(t.Context(), "a/../b?c", 51); return err },
			seen{"GET /api/session-manager/sessions/a%2F..%2Fb%3Fc", "application/json", "51", ""},
		},
		"QR": {
			func() error { _, err := s.RequestQR(t.Context(), instance, 51); return err },
			seen{"POST /api/session-manager/sessions/sender_51/qr", "application/json", "51", ""},
		},
		"send": {
			func() error { _, err := s.SendMessage(t.Context(), Message{51, "549", "a"}); return err },
			seen{"POST /send", "application/json", "51", `{"cliente_id":51,"to":"549","message":"a"}`},
		},
	}
	for name, test := range tests {
		if err := test.call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := <-requests; got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

// One connection is enough for calls in a row, failed ones included.
func TestConnectionReuse(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, strings.Repeat("x", 100_000))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client, err := New(server.URL, console.New(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.http.CloseIdleConnections)
	for range 20 {
		_, err := client.Session(t.Context(), instance, 51)
		checkError(t, err, SessionNotFound, 404)
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("opened %d connections", n)
	}
}

// What breaks off or fails is not asked again.
func TestNoRetries(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s := newService(t, func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	})
	_, err := s.RequestQR(t.Context(), instance, 51)
	checkError(t, err, Unreachable, 0)
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// hanging returns a Session Manager that answers nothing, or stops in the middle.
func hanging(t *testing.T, begin string) string {
	t.Helper()
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if begin != "" {
			io.WriteString(w, begin)
			w.(http.Flusher).Flush()
		}
		<-over
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	return server.URL
}

func TestOwnLimit(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{"", `{"status":`} {
		client, err := newClient(hanging(t, begin), console.New(io.Discard, io.Discard), dialLimit, 50*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = client.Session(t.Context(), instance, 51)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("after %q: took %v", begin, took)
		}
		if !errors.Is(err, Timeout) || !errors.Is(err, context.DeadlineExceeded) || err.Error() != "Timeout al conectar con Session Manager (50ms)" {
			t.Errorf("after %q: %v", begin, err)
		}
	}
	if err := (&Error{Kind: Timeout, Limit: callLimit}).Error(); err != "Timeout al conectar con Session Manager (30000ms)" {
		t.Error(err)
	}
}

func TestCallersLimit(t *testing.T) {
	t.Parallel()
	client, err := New(hanging(t, ""), console.New(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = client.Health(ctx)
	checkError(t, err, Timeout, 0)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the cause is lost: %#v", err)
	}
}

func TestClosedPort(t *testing.T) {
	t.Parallel()
	s := answering(t, 200, "{}")
	s.Server.Close()
	_, err := s.Session(t.Context(), instance, 51)
	checkError(t, err, Unreachable, 0)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the cause is lost: %#v", err)
	}
	s.printed(t, "", "")
}

// A host that takes no connection runs into the limit for dialling.
func TestDialLimit(t *testing.T) {
	t.Parallel()
	client, err := New("http://example.invalid", console.New(io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	client.http.Transport = refusing{&net.OpError{Op: "dial", Err: timeout{}}}
	_, err = client.Session(t.Context(), instance, 51)
	if !errors.Is(err, Timeout) || err.Error() != "Timeout al conectar con Session Manager (5000ms)" {
		t.Error(err)
	}
}

type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

type timeout struct{}

func (timeout) Error() string { return "i/o timeout" }
func (timeout) Timeout() bool { return true }

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "localhost:3001", "ftp://localhost", "http://", "://", "http://a b"} {
		_, err := New(text, nil)
		if !errors.Is(err, InvalidConfig) || err.Error() != "Configuración de Session Manager inválida" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseSession(f *testing.F) {
	f.Add([]byte(sessionText))
	f.Add([]byte(`{"\u0071r_string":"a"}`))
	f.Add([]byte("{\"a\xff\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		session, err := parseSession(body)
		if err != nil {
			return
		}
		without, err := session.WithoutQR()
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var keys map[string]json.RawMessage
		if err := json.Unmarshal(without, &keys); err != nil {
			t.Fatalf("%s: %v", without, err)
		}
		if _, has := keys[qrStringKey]; has {
			t.Errorf("%s has a QR code", without)
		}
	})
}
