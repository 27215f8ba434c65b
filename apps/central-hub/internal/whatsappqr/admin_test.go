package whatsappqr

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// table is the authorizations in memory.
type table struct {
	active []Authorization
	// unreadable and unwritable are what its methods fail with.
	unreadable, unwritable error
	calls                  []string
	// reading, if there is one, is called with each look.
	reading func()
	// hangs makes the look for one customer take until its context ends.
	hangs bool
}

func (s *table) AuthorizeQrSession(_ context.Context, clientID, authorizedBy int64, expiresAt *time.Time) AuthorizeResult {
	s.calls = append(s.calls, fmt.Sprintf("authorize %d by %d until %s", clientID, authorizedBy, expiresAt.Format(time.TimeOnly)))
	if s.unwritable != nil {
		return AuthorizeResult{ClientID: clientID, Status: "ERROR", Error: s.unwritable.Error()}
	}
	s.active = append(s.active, Authorization{
		ID: int64(100 + len(s.active)), ClienteID: clientID, Enabled: true, EnabledByAdminID: authorizedBy, EnabledAt: noon, ExpiresAt: expiresAt,
	})
	return AuthorizeResult{ClientID: clientID, Status: "AUTHORIZED", EnabledAt: noon, ExpiresAt: expiresAt}
}

func (s *table) RevokeQrSession(_ context.Context, clientID int64, revokedBy *int64) RevokeResult {
	s.calls = append(s.calls, fmt.Sprintf("revoke %d by %d", clientID, *revokedBy))
	if s.unwritable != nil {
		return RevokeResult{ClientID: clientID, Status: "ERROR", Error: s.unwritable.Error()}
	}
	return RevokeResult{ClientID: clientID, Status: "REVOKED", RevokedAt: noon}
}

func (s *table) ActiveSession(ctx context.Context, id int64) (*Authorization, error) {
	if s.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	all, err := s.ActiveSessions(ctx)
	for _, a := range all {
		if a.ClienteID == id {
			return &a, err
		}
	}
	return nil, err
}

func (s *table) ActiveSessions(context.Context) ([]Authorization, error) {
	if s.reading != nil {
		s.reading()
	}
	return append([]Authorization(nil), s.active...), s.unreadable
}

func login(c *gin.Context) { auth.SetCurrentUser(c, auth.Claims{ID: 7, Tipo: auth.Admin}) }

func adminHub(s *table) http.Handler {
	return newEngine(Controller{}, NewAdminController(s, clock), login)
}

const internal = `{"ok":false,"error":"INTERNAL_ERROR","message":"Error interno del servidor"}`

func TestAuthorize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, until, expires string }{
		"default":  {`{"clienteId":51}`, "13:00:00", "2026-01-05T13:00:00.000Z"},
		"shortest": {`{"clienteId":51,"durationMinutes":1}`, "12:01:00", "2026-01-05T12:01:00.000Z"},
		"longest":  {`{"clienteId":51,"durationMinutes":1440}`, "12:00:00", "2026-01-06T12:00:00.000Z"},
	}
	for name, test := range tests {
		for _, prefix := range []string{"/api", ""} {
			t.Run(name+prefix, func(t *testing.T) {
				t.Parallel()
				s := &table{active: []Authorization{{ID: 1, ClienteID: 52}}}
				check(t, do(adminHub(s), "POST", prefix+"/admin/whatsapp/authorize-qr", test.body), 200,
					`{"ok":true,"authorization":{"id":101,"clienteId":51,"enabledAt":"2026-01-05T12:00:00.000Z","expiresAt":"`+test.expires+
						`"},"message":"Autorización QR creada para cliente 51"}`)
				if want := "authorize 51 by 7 until " + test.until; len(s.calls) != 1 || s.calls[0] != want {
					t.Errorf("calls %q, want %q", s.calls, want)
				}
			})
		}
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	t.Parallel()
	customer := `{"ok":false,"error":"INVALID_CLIENT_ID","message":"clienteId debe ser un número positivo"}`
	duration := `{"ok":false,"error":"INVALID_DURATION","message":"durationMinutes debe ser un número entero entre 1 y 1440"}`
	tests := map[string]string{
		``: customer, `{}`: customer, `[]`: customer, `{"clienteId":null}`: customer, `{"clienteId":"51"}`: customer,
		`{"clienteId":0}`: customer, `{"clienteId":-1}`: customer, `{"clienteId":1.5}`: customer, `{"clienteId":[51]}`: customer,
		`{"clienteId":9223372036854775808}`: customer, `{"clienteid":51}`: customer, `{"clienteId":{"a":1},"durationMinutes":0}`: customer,
		`{"clienteId":51,"durationMinutes":0}`: duration, `{"clienteId":51,"durationMinutes":1441}`: duration,
		`{"clienteId":51,"durationMinutes":null}`: duration, `{"clienteId":51,"durationMinutes":"60"}`: duration,
		`{"clienteId":51,"durationMinutes":1.5}`: duration, `{"clienteId":51,"durationMinutes":-5}`: duration,
		`{"clienteId":51,"durationMinutes":true}`: duration, `{"clienteId":51,"durationMinutes":99999999999999999999}`: duration,
	}
	s := &table{}
	hub := adminHub(s)
	for body, want := range tests {
		check(t, do(hub, "POST", "/api/admin/whatsapp/authorize-qr", body), 400, want)
	}
	if len(s.calls) > 0 {
		t.Errorf("calls %q", s.calls)
	}
}

func TestAuthorizeTwice(t *testing.T) {
	t.Parallel()
	s := &table{}
	admin := NewAdminController(s, clock)
	// Between the look and the deed nobody else may look.
	s.reading = func() {
		if len(admin.granting) == 0 {
			t.Error("two requests can authorize at once")
		}
	}
	hub := newEngine(Controller{}, admin, login)
	if w := do(hub, "POST", "/api/admin/whatsapp/authorize-qr", `{"clienteId":51}`); w.Code != 200 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	check(t, do(hub, "POST", "/api/admin/whatsapp/authorize-qr", `{"clienteId":51}`), 409,
		`{"ok":false,"error":"ACTIVE_AUTHORIZATION_EXISTS","message":"El cliente 51 ya tiene una autorización QR activa"}`)
	if len(s.calls) != 1 {
		t.Errorf("calls %q", s.calls)
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	active := []Authorization{{ID: 1, ClienteID: 51}}
	tests := map[string]struct {
		table  *table
		id     string
		status int
		body   string
		calls  int
	}{
		"active":     {&table{active: active}, "51", 200, `{"ok":true,"message":"Autorización QR revocada para cliente 51"}`, 1},
		"none":       {&table{active: active}, "52", 404, `{"ok":false,"error":"NO_ACTIVE_AUTHORIZATION","message":"El cliente 52 no tiene una autorización QR activa"}`, 0},
		"no number":  {&table{active: active}, "51abc", 400, `{"ok":false,"error":"INVALID_CLIENT_ID","message":"clienteId debe ser un número positivo"}`, 0},
		"unreadable": {&table{unreadable: errors.New("secret")}, "51", 500, internal, 0},
		"unwritable": {&table{active: active, unwritable: errors.New("secret")}, "51", 500, internal, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub := adminHub(test.table)
			check(t, do(hub, "DELETE", "/api/admin/whatsapp/"+test.id+"/qr", ""), test.status, test.body)
			if len(test.table.calls) != test.calls || test.calls == 1 && test.table.calls[0] != "revoke 51 by 7" {
				t.Errorf("calls %q", test.table.calls)
			}
			check(t, do(hub, "DELETE", "/admin/whatsapp/"+test.id+"/qr", ""), test.status, test.body)
		})
	}
}

func TestDatabaseIsDown(t *testing.T) {
	t.Parallel()
	for _, s := range []*table{{unreadable: errors.New("secret")}, {unwritable: errors.New("secret")}} {
		check(t, do(adminHub(s), "POST", "/api/admin/whatsapp/authorize-qr", `{"clienteId":51}`), 500, internal)
	}
	check(t, do(adminHub(&table{unreadable: errors.New("secret")}), "GET", "/api/admin/whatsapp/qr-sessions", ""), 500, internal)
}

func TestList(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) *time.Time { until := noon.Add(d); return &until }
	s := &table{active: []Authorization{
		{ID: 3, ClienteID: 53, EnabledByAdminID: 8, EnabledAt: noon, ExpiresAt: in(0)},
		{ID: 2, ClienteID: 52, EnabledByAdminID: 7, EnabledAt: noon, ExpiresAt: in(61 * time.Second)},
		{ID: 1, ClienteID: 51, EnabledByAdminID: 7, EnabledAt: noon},
		{ID: 4, ClienteID: 54, EnabledByAdminID: 8, EnabledAt: noon},
	}}
	for _, prefix := range []string{"/api", ""} {
		check(t, do(adminHub(s), "GET", prefix+"/admin/whatsapp/qr-sessions", ""), 200, `{"ok":true,"sessions":[`+
			`{"id":3,"clienteId":53,"enabledByAdminId":8,"enabledAt":"2026-01-05T12:00:00.000Z","expiresAt":"2026-01-05T12:00:00.000Z","remainingMinutes":0},`+
			`{"id":2,"clienteId":52,"enabledByAdminId":7,"enabledAt":"2026-01-05T12:00:00.000Z","expiresAt":"2026-01-05T12:01:01.000Z","remainingMinutes":2},`+
			`{"id":1,"clienteId":51,"enabledByAdminId":7,"enabledAt":"2026-01-05T12:00:00.000Z","expiresAt":null,"remainingMinutes":null},`+
			`{"id":4,"clienteId":54,"enabledByAdminId":8,"enabledAt":"2026-01-05T12:00:00.000Z","expiresAt":null,"remainingMinutes":null}]}`)
	}
	check(t, do(adminHub(&table{}), "GET", "/api/admin/whatsapp/qr-sessions", ""), 200, `{"ok":true,"sessions":[]}`)
}

// No route of administrators can be reached past the guards.
func TestGuards(t *testing.T) {
	t.Parallel()
	s := &table{active: []Authorization{{ID: 1, ClienteID: 51}}}
	deny := func(c *gin.Context) { web.Fail(c, http.StatusForbidden, "no") }
	hub := newEngine(Controller{}, NewAdminController(s, clock), login, deny)
	for _, prefix := range []string{"/api", ""} {
		for _, route := range [][2]string{{"POST", "/authorize-qr"}, {"DELETE", "/51/qr"}, {"GET", "/qr-sessions"}} {
			check(t, do(hub, route[0], prefix+"/admin/whatsapp"+route[1], `{"clienteId":52}`), 403, `{"success":false,"message":"no"}`)
		}
	}
	if len(s.calls) > 0 {
		t.Errorf("calls %q", s.calls)
	}
}

// A database that hangs keeps administrators waiting no longer than a process has to
// end, however many there are.
func TestAuthorizeWhileDatabaseHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := adminHub(&table{hangs: true})
		begun := time.Now()
		var all sync.WaitGroup
		for id := range 4 {
			all.Go(func() {
				check(t, do(hub, "POST", "/api/admin/whatsapp/authorize-qr", fmt.Sprintf(`{"clienteId":%d}`, id+1)), 500, internal)
			})
		}
		all.Wait()
		if took := time.Since(begun); took > grantLimit {
			t.Errorf("it took %v", took)
		}
	})
}
