package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/apidoc/apidoctest"
	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// stub starts the Session Manager's stub, its real program, and returns its URL.
func stub(t *testing.T) (base string, stop func()) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "stub")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "../session-manager-stub")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	cmd := exec.Command(program)
	cmd.Env = []string{"PORT=0"}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	fields := strings.Fields(line)
	if err != nil || len(fields) < 2 {
		t.Fatalf("the stub said %q, %v", line, err)
	}
	return fields[1], stop
}

// client speaks to a hub and holds each answer against the description of the API.
type client struct {
	*process
	*apidoctest.Validator
	manager string // URL of the stub
	tokens  map[string]string
	asked   map[string]bool // routes that were
}

const password = "correct horse"

// newClient boots a hub with its stub, an administrator "root" of customer 1 and a
// customer "ana" of 51, on the database of the variables given, SQLite without any.
func newClient(t *testing.T, cfg database.Config, env ...string) (c *client, stopStub func()) {
	t.Helper()
	dir := t.TempDir()
	c = &client{Validator: apidoctest.New(t), tokens: map[string]string{}, asked: map[string]bool{}}
	c.manager, stopStub = stub(t)
	if cfg.Host == "" {
		cfg.Path = filepath.Join(dir, "data/central-hub.db")
	}
	users(t, cfg)
	c.process = command(t, dir, append([]string{"PORT=0", "SESSION_MANAGER_BASE_URL=" + c.manager}, env...)...)
	c.boot(t)
	return c, stopStub
}

// users makes the users there are, as central-hub admin create does.
func users(t *testing.T, cfg database.Config) {
	t.Helper()
	db, err := database.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	hash, err := auth.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []auth.User{
		{ClienteID: 1, Usuario: "root", PasswordHash: hash, Tipo: auth.Admin, Activo: 1},
		{ClienteID: 51, Usuario: "ana", PasswordHash: hash, Tipo: "cliente", Activo: 1},
	} {
		if err := auth.NewRepository(db, time.Now).Create(context.Background(), u); err != nil {
			t.Fatal(err)
		}
	}
}

// ask sends a request as a user, nobody for "", and checks the answer.
func (c *client) ask(t *testing.T, user, method, path, body string, status int, part string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token := c.tokens[user]; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: deadline}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	c.CheckResponse(t, answer)
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != status || !strings.Contains(string(text), part) {
		t.Errorf("%s %s %s as %q: %d %s; want %d with %s", method, path, body, user, answer.StatusCode, text, status, part)
	}
	for _, secret := range []string{"goroutine ", "sqlite", "SQL", "hunter2", ".go:"} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s %s: the answer tells %q: %s", method, path, secret, text)
		}
	}
	c.asked[method+" "+path] = true
	return string(text)
}

// login gets a user's token.
func (c *client) login(t *testing.T, user string) {
	t.Helper()
	text := c.ask(t, "", "POST", "/api/auth/login", fmt.Sprintf(`{"usuario":%q,"password":%q}`, user, password), 200, `{"success":true,"token":"`)
	_, rest, _ := strings.Cut(text, `"token":"`)
	c.tokens[user], _, _ = strings.Cut(rest, `"`)
}

// play has the stub play a scenario.
func (c *client) play(t *testing.T, scenario string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, c.manager+"/stub/scenario", strings.NewReader(fmt.Sprintf(`{"scenario":%q}`, scenario)))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		t.Fatalf("the stub does not play %s: %s", scenario, answer.Status)
	}
}

func TestAPI(t *testing.T) {
	t.Parallel()
	c, stopStub := newClient(t, database.Config{})
	c.probes(t)
	c.authentication(t)
	c.authorization(t)
	c.qr(t)
	c.legacy(t)
	c.trouble(t)
	stopStub()
	c.managerDown(t)
	for _, route := range c.Routes() {
		method, path, _ := strings.Cut(route, " ")
		path = strings.ReplaceAll(path, ":clienteId", "51")
		if method != http.MethodHead && !c.asked[method+" "+path] {
			t.Errorf("%s was not asked for", route)
		}
	}
}

func (c *client) probes(t *testing.T) {
	t.Helper()
	c.play(t, "connected")
	c.ask(t, "", "GET", "/health", "", 200, `{"status":"healthy","service":"central-hub","timestamp":"`)
	c.ask(t, "", "GET", "/api/health", "", 200, `"environment":"development"`)
	for _, path := range []string{"/status", "/api/status"} {
		text := c.ask(t, "", "GET", path, "", 200, `"host":"embedded"`)
		for _, part := range []string{`"service":"leadmaster-central-hub"`, `"status":"connected"`, `"status":"online"`, `"whatsapp_connected":true`} {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %s; want %s", path, text, part)
			}
		}
	}
	c.ask(t, "", "GET", "/api/openapi.json", "", 200, `"openapi":`)
	c.ask(t, "", "GET", "/api/none?a=b", "", 404, `{"error":"Not Found","message":"Endpoint /api/none?a=b no existe","timestamp":"`)
}

func (c *client) authentication(t *testing.T) {
	t.Helper()
	const wrong = `{"success":false,"message":"Contraseña incorrecta"}`
	for _, prefix := range []string{"/api", ""} {
		c.ask(t, "", "POST", prefix+"/auth/login", `{"usuario":"root"}`, 400, `{"success":false,"message":"Usuario y contraseña son requeridos"}`)
		c.ask(t, "", "POST", prefix+"/auth/login", `{"usuario":"root","password":"x"}`, 401, wrong)
		c.ask(t, "", "POST", prefix+"/auth/login", `{"usuario":"' OR 1=1 --","password":"x"}`, 401, "Usuario no encontrado o inactivo")
		c.ask(t, "", "POST", prefix+"/auth/login", `{"usuario":{"$ne":1},"password":["x"]}`, 400, "Usuario y contraseña son requeridos")
		c.ask(t, "", "POST", prefix+"/auth/login", `{"usuario":`, 400, `{"success":false,"message":"`)
		c.ask(t, "", "POST", prefix+"/auth/login", `{"usuario":"`+strings.Repeat("x", 100<<10)+`"}`, 413, `{"success":false,"message":"`)
	}
	c.login(t, "root")
	c.login(t, "ana")
	for _, prefix := range []string{"/api", ""} {
		c.ask(t, "ana", "POST", prefix+"/auth/verify", "", 200, `"usuario":"ana","tipo":"cliente","activo":1}`)
		c.ask(t, "", "POST", prefix+"/auth/verify", "", 401, "Token no proporcionado")
		c.ask(t, "ana", "GET", prefix+"/auth/me", "", 200, `"cliente_id":51`)
		c.ask(t, "", "GET", prefix+"/auth/me", "", 401, "Token no proporcionado")
		c.ask(t, "", "GET", prefix+"/auth/me?token="+c.tokens["ana"], "", 200, `"cliente_id":51`)
		c.ask(t, "ana", "POST", prefix+"/auth/change-password", `{"oldPassword":"x"}`, 400, "Contraseña actual y nueva son requeridas")
		c.ask(t, "ana", "POST", prefix+"/auth/change-password", `{"oldPassword":"x","newPassword":"short"}`, 400, "al menos 6 caracteres")
		c.ask(t, "ana", "POST", prefix+"/auth/change-password", `{"oldPassword":"x","newPassword":"longer than six"}`, 200, `{"success":false,"message":"Contraseña actual incorrecta"}`)
		c.ask(t, "ana", "POST", prefix+"/auth/change-password", fmt.Sprintf(`{"oldPassword":%q,"newPassword":%q}`, password, password), 200, "Contraseña actualizada correctamente")
		c.ask(t, "ana", "POST", prefix+"/auth/logout", "", 200, "Sesión cerrada correctamente")
	}
	// alg none, with root's claims.
	c.tokens["forger"] = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpZCI6MSwiY2xpZW50ZV9pZCI6MSwidXN1YXJpbyI6InJvb3QiLCJ0aXBvIjoiYWRtaW4iLCJleHAiOjQxMDI0NDQ4MDB9."
	c.tokens["wrecker"] = c.tokens["root"] + "x"
	for _, user := range []string{"forger", "wrecker"} {
		c.ask(t, user, "GET", "/api/auth/me", "", 401, `{"success":false,"message":"Token inválido o expirado"}`)
		c.ask(t, user, "GET", "/api/admin/whatsapp/qr-sessions", "", 401, "Token inválido o expirado")
	}
}

func (c *client) authorization(t *testing.T) {
	t.Helper()
	for _, prefix := range []string{"/api", ""} {
		base := prefix + "/admin/whatsapp"
		for user, status := range map[string]int{"": 401, "ana": 403} {
			c.ask(t, user, "POST", base+"/authorize-qr", `{"clienteId":51}`, status, `"success":false`)
			c.ask(t, user, "DELETE", base+"/51/qr", "", status, `"success":false`)
			c.ask(t, user, "GET", base+"/qr-sessions", "", status, `"success":false`)
		}
		c.ask(t, "root", "POST", base+"/authorize-qr", `{"clienteId":"51; DROP TABLE ll_usuarios"}`, 400, "INVALID_CLIENT_ID")
		c.ask(t, "root", "POST", base+"/authorize-qr", `{"clienteId":51,"durationMinutes":1441}`, 400, "INVALID_DURATION")
		c.ask(t, "root", "POST", base+"/authorize-qr", `{"clienteId":51,"durationMinutes":5}`, 200, `{"ok":true,"authorization":{"id":`)
		c.ask(t, "root", "POST", base+"/authorize-qr", `{"clienteId":51}`, 409, "ACTIVE_AUTHORIZATION_EXISTS")
		c.ask(t, "root", "GET", base+"/qr-sessions", "", 200, `"clienteId":51`)
		c.ask(t, "root", "DELETE", base+"/51/qr", "", 200, `{"ok":true,"message":"`)
		c.ask(t, "root", "DELETE", base+"/51/qr", "", 404, "NO_ACTIVE_AUTHORIZATION")
		c.ask(t, "root", "DELETE", base+"/51abc/qr", "", 400, "INVALID_CLIENT_ID")
	}
}

// qr goes through all that a session can be in.
func (c *client) qr(t *testing.T) {
	t.Helper()
	const status, qr = "/api/whatsapp/51/status", "/api/whatsapp/51/qr"
	c.play(t, "qr_required")
	c.ask(t, "", "GET", qr, "", 403, `{"ok":false,"error":"QR_NOT_AUTHORIZED","message":"QR no autorizado para este cliente"}`)
	if text := c.ask(t, "", "GET", status, "", 200, `{"ok":true,"session":{`); strings.Contains(text, "data:image") {
		t.Errorf("status gives the QR code to who may not have it: %s", text)
	}
	c.ask(t, "", "GET", "/api/whatsapp/0/qr", "", 400, "INVALID_CLIENT_ID")
	c.ask(t, "", "GET", "/api/whatsapp/51abc/status", "", 400, "clienteId debe ser un número positivo")
	c.ask(t, "root", "POST", "/api/admin/whatsapp/authorize-qr", `{"clienteId":51}`, 200, "")
	for _, row := range []struct {
		scenario string
		status   int
		part     string
	}{
		{"init", 200, `"status":"init"`},
		{"qr_required", 200, `"status":"qr_required"`},
		{"disconnected", 200, `"status":"disconnected"`},
		{"connecting", 200, "QR escaneado, esperando conexión..."},
		{"connected", 409, "La sesión ya está conectada. No se necesita escanear QR."},
		{"error", 500, "SESSION_ERROR"},
		{"unknown_status", 500, "Estado de sesión desconocido: hibernating"},
		{"not_found", 404, "Debe inicializarse primero."},
		{"qr_conflict", 409, "SESSION_ALREADY_CONNECTED"},
		{"qr_failure", 500, "QR_GENERATION_FAILED"},
		{"session_failure", 502, "SESSION_MANAGER_UNAVAILABLE"},
		{"not_json", 502, "Session Manager no está disponible"},
		{"closed", 502, "SESSION_MANAGER_UNAVAILABLE"},
	} {
		c.play(t, row.scenario)
		c.ask(t, "", "GET", qr, "", row.status, row.part)
		c.ask(t, "", "GET", "/whatsapp/51/qr", "", row.status, row.part)
	}
	c.play(t, "not_found")
	c.ask(t, "", "GET", status, "", 404, "Sesión no encontrada para cliente 51")
	c.play(t, "connected")
	c.ask(t, "", "GET", "/whatsapp/51/status", "", 200, `"connected"`)
}

// legacy are the paths of the module that ran inside the hub once.
func (c *client) legacy(t *testing.T) {
	t.Helper()
	for _, prefix := range []string{"/api", ""} {
		base := prefix + "/session-manager"
		c.play(t, "connected")
		c.ask(t, "", "GET", base+"/state", "", 401, "Token no proporcionado")
		c.ask(t, "ana", "GET", base+"/status", "", 200, `"status":"session-manager ok"`)
		c.ask(t, "ana", "GET", base+"/state", "", 200, `"state":"conectado"`)
		c.ask(t, "ana", "POST", base+"/login", "", 200, "WhatsApp ya está conectado")
		c.ask(t, "ana", "GET", base+"/qr", "", 404, `"error"`)
		c.play(t, "qr_required")
		c.ask(t, "ana", "GET", base+"/qr", "", 200, "PNG")
		c.ask(t, "ana", "POST", base+"/logout", "", 501, `"success":false`)
		c.ask(t, "ana", "GET", base+"/sessions", "", 403, "Acceso denegado")
		c.ask(t, "root", "GET", base+"/sessions", "", 200, `"clienteId":51`)
		c.ask(t, "root", "POST", base+"/admin/login", `{}`, 400, "cliente_id requerido")
		c.ask(t, "root", "POST", base+"/admin/login", `{"cliente_id":51}`, 200, "Inicializando conexión WhatsApp")
		c.ask(t, "root", "POST", base+"/admin/logout", `{"cliente_id":51}`, 501, `"success":false`)
	}
}

// trouble is what the hub has to take.
func (c *client) trouble(t *testing.T) {
	t.Helper()
	for range 10 {
		c.ask(t, "", "POST", "/api/auth/login", `{"usuario":"nobody","password":"x"}`, 401, "")
	}
	c.ask(t, "", "POST", "/api/auth/login", `{"usuario":"nobody","password":"x"}`, 429, `{"success":false,"message":"`)
	c.ask(t, "", "GET", "/health?"+strings.Repeat("x", 20<<10), "", 431, `{"success":false,"message":"`)
	c.ask(t, "", "GET", "/health", "", 200, "healthy")
}

func (c *client) managerDown(t *testing.T) {
	t.Helper()
	c.ask(t, "", "GET", "/api/whatsapp/51/status", "", 502, `"SESSION_MANAGER_UNAVAILABLE"`)
	text := c.ask(t, "", "GET", "/api/status", "", 200, `"status":"degraded"`)
	if !strings.Contains(text, `"error":"ECONNREFUSED"`) {
		t.Errorf("/api/status: %s", text)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := c.end(t)
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	if code != 0 || !slices.ContainsFunc(lines, func(line string) bool { return line == "⚠️ Sistema en estado: degraded" }) {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
	for _, secret := range []string{password, "UNCAUGHT", "REJECTION", "goroutine"} {
		if strings.Contains(stderr, secret) {
			t.Errorf("stderr tells %q: %s", secret, stderr)
		}
	}
}
