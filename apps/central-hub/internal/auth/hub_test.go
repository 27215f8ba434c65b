package auth

import (
	"io"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/console/consoletest"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// hub is the module behind an engine with the hub's middleware.
type hub struct {
	engine *gin.Engine
	db     *database.DB
	tokens *Tokens
	hash   string // of "secreto"
	stderr consoletest.Buffer
	// limiter is that of the engine.
	limiter *Limiter

	mu  sync.Mutex
	now time.Time
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{now: start, db: open(t), hash: quickly(t, "secreto")}
	insert(t, h.db, User{7, 51, "ana", h.hash, "cliente", 1})
	insert(t, h.db, User{8, 1, "root", h.hash, Admin, 1})
	insert(t, h.db, User{9, 51, "inactiva", h.hash, "cliente", 0})
	insert(t, h.db, User{10, 51, "rota", "no hash", "cliente", 1})
	h.tokens = NewTokens(secret, h.clock)
	h.serve(h.tokens, NewRepository(h.db, h.clock))
	return h
}

// serve builds the engine.
func (h *hub) serve(tokens *Tokens, users Users) {
	out := console.New(io.Discard, &h.stderr)
	gin.SetMode(gin.ReleaseMode)
	h.engine = gin.New()
	h.engine.Use(web.Recover(out), web.CORS, web.Body)
	proxies := web.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
	h.limiter = NewLimiter(h.clock)
	service := NewService(users, tokens, h.limiter, out)
	authenticate := Authenticate(tokens, out)
	Routes(h.engine, NewController(service, proxies.Client), authenticate)
	web.Get(h.engine, "/whoami", authenticate, func(c *gin.Context) { web.JSON(c, 200, CurrentUser(c)) })
	web.Get(h.engine, "/admin", authenticate, RequireAdmin, func(c *gin.Context) { web.JSON(c, 200, true) })
	web.Get(h.engine, "/unguarded", RequireAdmin, func(c *gin.Context) { web.JSON(c, 200, true) })
}

func (h *hub) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hub) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *hub) token(t *testing.T, claims Claims) string {
	t.Helper()
	token, err := h.tokens.Issue(claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// call sends a request; header is of names and values in turn. A body is JSON.
func (h *hub) call(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:40000"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.engine.ServeHTTP(w, r)
	return w
}

func (h *hub) login(usuario, password, from string) *httptest.ResponseRecorder {
	return h.call("POST", "/auth/login", `{"usuario":"`+usuario+`","password":"`+password+`"}`, "X-Forwarded-For", from)
}

// expect compares a whole answer.
func expect(t *testing.T, name string, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || w.Body.String() != body {
		t.Errorf("%s: %d %s; want %d %s", name, w.Code, w.Body, status, body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("%s: Content-Type %q", name, got)
	}
}

func failure(message string) string { return `{"success":false,"message":"` + message + `"}` }

// logged compares all that was printed.
func (h *hub) logged(t *testing.T, want string) {
	t.Helper()
	if got := h.stderr.String(); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}
