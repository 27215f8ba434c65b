package main

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/database/databasetest"
)

// serverVars are the variables that make a hub use cfg's server.
func serverVars(cfg database.Config) []string {
	return []string{
		"DB_HOST=" + cfg.Host, fmt.Sprintf("DB_PORT=%d", cfg.Port), "DB_USER=" + cfg.User, "DB_NAME=" + cfg.Name, "NODE_ENV=test",
	}
}

func TestAPIOnServer(t *testing.T) {
	t.Parallel()
	cfg := databasetest.Server(t)
	c, _ := newClient(t, cfg, serverVars(cfg)...)
	c.play(t, "connected")
	// Not "embedded", and no address.
	if text := c.ask(t, "", "GET", "/status", "", 200, `"status":"connected"`); strings.Contains(text, "127.0.0.1") {
		t.Errorf("/status tells an address: %s", text)
	}
	c.authentication(t)
	c.authorization(t)
	c.qr(t)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := c.end(t); code != 0 || strings.Contains(stderr, "UNCAUGHT") {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
}

// eventually asks until the answer is the one.
func (c *client) eventually(t *testing.T, path, part string) {
	t.Helper()
	again, limit := time.NewTicker(50*time.Millisecond), time.After(deadline)
	defer again.Stop()
	for {
		if _, body := c.get(t, path); strings.Contains(body, part) {
			return
		}
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("%s never had %s", path, part)
		}
	}
}

// A server that is down, at the start and in the middle, takes nothing with it but what
// needs it, and nobody has to do anything when it is back.
func TestServerDown(t *testing.T) {
	t.Parallel()
	cfg := databasetest.Server(t)
	proxy := databasetest.NewProxy(t, cfg)
	c, _ := newClient(t, cfg, serverVars(proxy.Config)...)
	c.play(t, "qr_required")
	down := func() {
		t.Helper()
		text := c.ask(t, "", "GET", "/status", "", 503, `"status":"unhealthy"`)
		if !strings.Contains(text, `"status":"disconnected"`) || strings.Contains(text, "127.0.0.1") {
			t.Errorf("/status: %s", text)
		}
		c.ask(t, "", "GET", "/health", "", 200, "healthy")
		c.ask(t, "", "GET", "/api/whatsapp/51/qr", "", 403, "QR_NOT_AUTHORIZED")
		c.ask(t, "", "POST", "/api/auth/login", `{"usuario":"root","password":"x"}`, 500, `{"success":false,"message":"Error del servidor"}`)
	}
	down()
	proxy.Up(t)
	for c.line(t) != "✅ Base de datos disponible" {
	}
	c.ask(t, "", "GET", "/status", "", 200, `"status":"connected"`)
	c.login(t, "root")
	c.ask(t, "root", "POST", "/api/admin/whatsapp/authorize-qr", `{"clienteId":51}`, 200, "")
	c.ask(t, "", "GET", "/api/whatsapp/51/qr", "", 200, `"qr_string"`)

	proxy.Down()
	down()
	c.ask(t, "root", "GET", "/api/admin/whatsapp/qr-sessions", "", 500, "INTERNAL_ERROR")
	proxy.Up(t)
	c.eventually(t, "/status", `"status":"connected"`)
	c.ask(t, "", "GET", "/api/whatsapp/51/qr", "", 200, `"qr_string"`)

	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := c.end(t)
	if code != 0 || strings.Count(stderr, "❌ Base de datos no disponible: ECONNREFUSED") != 1 {
		t.Errorf("exit code %d, stderr %s", code, stderr)
	}
	if strings.Contains(stderr, "UNCAUGHT") || strings.Contains(stderr, "127.0.0.1") {
		t.Errorf("stderr: %s", stderr)
	}
}

// HUB_READY_WAITS_FOR_DB keeps the manager waiting until the database has answered.
func TestReadyWaitsForServer(t *testing.T) {
	t.Parallel()
	cfg := databasetest.Server(t)
	proxy := databasetest.NewProxy(t, cfg)
	dir := t.TempDir()
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: dir + "/notify"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	p := command(t, dir, append(serverVars(proxy.Config), "PORT=0", "NOTIFY_SOCKET="+dir+"/notify", "HUB_READY_WAITS_FOR_DB=1")...)
	p.boot(t)
	if status, _ := p.get(t, "/health"); status != 200 {
		t.Errorf("/health: %d", status)
	}
	read := func(limit time.Duration) string {
		t.Helper()
		if err := socket.SetReadDeadline(time.Now().Add(limit)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 64)
		n, _ := socket.Read(b)
		return string(b[:n])
	}
	if got := read(100 * time.Millisecond); got != "" {
		t.Errorf("without a database it said %q", got)
	}
	proxy.Up(t)
	if got := read(deadline); got != "READY=1" {
		t.Errorf("it said %q", got)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := p.end(t); code != 0 {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
