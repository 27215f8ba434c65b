package stub

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

func clock() time.Time { return time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC) }

func serve(t *testing.T, scenario string) *httptest.Server {
	t.Helper()
	s, err := New(scenario, clock)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, server *httptest.Server, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Cliente-Id", "51")
	response, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

const sessionPath = "/api/session-manager/sessions/sender_51"

// The numbers are the HTTP statuses of the four routes that the hub calls.
func TestScenarios(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		health, session, qr, send int
		status, state             string
	}{
		"init":            {200, 200, 200, 409, "init", "INITIALIZING"},
		"qr_required":     {200, 200, 200, 409, "qr_required", "QR_REQUIRED"},
		"connecting":      {200, 200, 409, 409, "connecting", "RECONNECTING"},
		"connected":       {200, 200, 409, 200, "connected", "READY"},
		"disconnected":    {200, 200, 200, 409, "disconnected", "DISCONNECTED_LOGOUT"},
		"error":           {200, 200, 500, 500, "error", "ERROR"},
		"not_found":       {200, 404, 404, 409, "", "QR_REQUIRED"},
		"qr_conflict":     {200, 200, 409, 409, "qr_required", "QR_REQUIRED"},
		"qr_failure":      {200, 200, 500, 409, "qr_required", "QR_REQUIRED"},
		"unknown_status":  {200, 200, 200, 409, "hibernating", "HIBERNATING"},
		"session_failure": {200, 500, 500, 500, "", "ERROR"},
		"send_refused":    {200, 200, 409, 400, "connected", "READY"},
		"send_failure":    {200, 200, 409, 500, "connected", "READY"},
		"unhealthy":       {503, 200, 409, 200, "connected", ""},
	}
	special := map[string]bool{"slow": true, "not_json": true, "closed": true}
	for _, scenario := range Scenarios() {
		test, ok := tests[scenario.Name]
		if !ok {
			if !special[scenario.Name] {
				t.Errorf("no test of %s", scenario.Name)
			}
			continue
		}
		t.Run(scenario.Name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, scenario.Name)
			health, said := ask(t, server, "GET", "/health", "")
			if health != test.health || field(t, said, "whatsapp_state") != test.state {
				t.Errorf("health %d %s", health, said)
			}
			code, session := ask(t, server, "GET", sessionPath, "")
			if code != test.session || field(t, session, "status") != test.status {
				t.Errorf("session %d %s", code, session)
			}
			code, qr := ask(t, server, "POST", sessionPath+"/qr", "")
			if code != test.qr || (code == 200) != strings.HasPrefix(field(t, qr, "qr_string"), "data:image/png;base64,") {
				t.Errorf("QR %d %s", code, qr)
			}
			if code, sent := ask(t, server, "POST", "/send", `{"to":"549","message":"a"}`); code != test.send {
				t.Errorf("send %d %s", code, sent)
			}
		})
	}
}

func field(t *testing.T, object, key string) string {
	t.Helper()
	var keys map[string]any
	if err := json.Unmarshal([]byte(object), &keys); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	text, _ := keys[key].(string)
	return text
}

func TestSessionIsOfTheContract(t *testing.T) {
	t.Parallel()
	s := &Stub{now: clock}
	got, err := json.Marshal(s.sessionOf("sender_51", "connected"))
	want := `{"id":1,"instance_id":"sender_51","phone_number":"5491100000000","status":"connected","qr_status":"used","qr_string":null,` +
		`"qr_generated_at":null,"qr_expires_at":null,"connected_at":"2026-01-05T10:00:00.000Z","disconnected_at":null,"last_error_code":null,` +
		`"last_error_message":null,"created_at":"2026-01-05T10:00:00.000Z","updated_at":"2026-01-05T10:00:00.000Z"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if expires := s.sessionOf("x", "qr_required").QRExpiresAt; expires == nil || *expires != "2026-01-05T10:01:00.000Z" {
		t.Errorf("expires %v", expires)
	}
}

func TestPicture(t *testing.T) {
	t.Parallel()
	file, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(picture(), "data:image/png;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(file)); err != nil {
		t.Error(err)
	}
}

func TestOwnRoutes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		scenario, method, path, body string
		status                       int
		want                         string
	}{
		{"connected", "GET", "/health", "", 200, `{"status":"ok","service":"session-manager","cliente_id":51,"whatsapp_state":"READY"}`},
		{"unhealthy", "GET", "/health", "", 503, `{"status":"error","service":"session-manager","error":"the stub plays a failure"}`},
		{"connected", "GET", "/status", "", 200, `{"cliente_id":51,"connected":true,"state":"READY","reconnection_attempts":0,"max_reconnection_attempts":3,` +
			`"can_send_messages":true,"needs_qr":false,"is_recoverable":false,"recommended_action":"Session operational - can send messages"}`},
		{"connected", "GET", "/qr", "", 409, `{"error":"QR not available","state":"READY","can_send_messages":true}`},
		{"connected", "POST", "/send", `{"to":"549","message":"a"}`, 200, `{"ok":true,"message_id":"stub-message"}`},
		{"connected", "POST", "/send", `{"to":"549"}`, 400, `{"error":true,"code":"INVALID_REQUEST","message":"to and message are required"}`},
		{"connected", "POST", "/send", `[`, 400, `{"error":true,"code":"INVALID_REQUEST","message":"to and message are required"}`},
		{"init", "POST", "/send", `{"to":"549","message":"a"}`, 409, `{"error":true,"code":"SESSION_NOT_READY","message":"the session can't send"}`},
		{"error", "POST", "/send", `{"to":"549","message":"a"}`, 500, `{"error":true,"code":"SEND_FAILED","message":"the stub plays a failure"}`},
		{"connected", "GET", "/nope", "", 404, `{"error":true,"code":"NOT_FOUND","message":"Endpoint not found"}`},
		{"connected", "DELETE", "/health", "", 404, `{"error":true,"code":"NOT_FOUND","message":"Endpoint not found"}`},
	}
	for _, test := range tests {
		status, got := ask(t, serve(t, test.scenario), test.method, test.path, test.body)
		if status != test.status || got != test.want+"\n" {
			t.Errorf("%s %s in %s: %d %s, want %s", test.method, test.path, test.scenario, status, got, test.want)
		}
	}
	if status, got := ask(t, serve(t, "qr_required"), "GET", "/qr", ""); status != 200 || !strings.HasPrefix(got, `{"state":"QR_REQUIRED","expires_in":60,"qr":"data:image/png;base64,`) {
		t.Errorf("got %d %s", status, got)
	}
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	if status, got := ask(t, serve(t, "not_json"), "GET", sessionPath, ""); status != 200 || json.Valid([]byte(got)) {
		t.Errorf("not_json: %d %s", status, got)
	}
	_, err := http.Get(serve(t, "closed").URL + sessionPath)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("closed: %v", err)
	}
	client := http.Client{Timeout: 50 * time.Millisecond}
	if _, err := client.Get(serve(t, "slow").URL + "/health"); err == nil {
		t.Error("slow: an answer")
	}
}

func choose(t *testing.T, server *httptest.Server, body string) {
	t.Helper()
	if status, got := ask(t, server, "PUT", "/stub/scenario", body); status != 200 {
		t.Fatalf("%s: %d %s", body, status, got)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	server := serve(t, "qr_required")
	status := func(instance string) string {
		_, body := ask(t, server, "GET", "/api/session-manager/sessions/"+instance, "")
		return field(t, body, "status")
	}
	choose(t, server, `{"scenario":"connected"}`)
	choose(t, server, `{"instance":"sender_51","scenario":"error"}`)
	if a, b := status("sender_51"), status("sender_52"); a != "error" || b != "connected" {
		t.Errorf("statuses %s and %s", a, b)
	}
	// A message is its customer's.
	if code, got := ask(t, server, "POST", "/send", `{"to":"549","message":"a"}`); code != 500 {
		t.Errorf("send: %d %s", code, got)
	}
	_, list := ask(t, server, "GET", "/stub/scenarios", "")
	if !strings.HasPrefix(list, `{"scenario":"connected","instances":{"sender_51":"error"},"scenarios":[{"name":"init","about":"`) {
		t.Errorf("list %s", list)
	}
	choose(t, server, `{"instance":"sender_51"}`)
	if got := status("sender_51"); got != "connected" {
		t.Errorf("status %s", got)
	}
	choose(t, server, `{"scenario":"slow","delay_ms":1}`)
	if got := status("sender_51"); got != "connected" {
		t.Errorf("status %s", got)
	}
}

func TestChooseRefuses(t *testing.T) {
	t.Parallel()
	server := serve(t, "init")
	for _, body := range []string{``, `{}`, `[]`, `{"scenario":"x"}`, `{"scenario":5}`, `{"scenario":"slow","delay_ms":-1}`,
		`{"scenario":"slow","delay_ms":3600001}`, `{"scenario":"init","typo":1}`} {
		if status, got := ask(t, server, "PUT", "/stub/scenario", body); status != 400 || field(t, got, "code") != "INVALID_REQUEST" {
			t.Errorf("%s: %d %s", body, status, got)
		}
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	server := serve(t, "init")
	ask(t, server, "GET", sessionPath, "")
	if _, got := ask(t, server, "GET", "/stub/requests", ""); got != `[{"method":"GET","path":"`+sessionPath+`","cliente_id":"51"}]`+"\n" {
		t.Errorf("got %s", got)
	}
	ask(t, server, "DELETE", "/stub/requests", "")
	for range maxRequests + 5 {
		ask(t, server, "GET", "/nope", "")
	}
	_, got := ask(t, server, "GET", "/stub/requests", "")
	var kept []Request
	if err := json.Unmarshal([]byte(got), &kept); err != nil || len(kept) != maxRequests {
		t.Errorf("%d requests, %v", len(kept), err)
	}
}
