package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	anaJSON  = `{"id":7,"cliente_id":51,"usuario":"ana","tipo":"cliente"}`
	anaWhole = `{"success":true,"user":{"id":7,"cliente_id":51,"usuario":"ana","tipo":"cliente","activo":1}}`
)

func TestLogin(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	want := `{"success":true,"token":"` + h.token(t, ana) + `","user":` + anaJSON + `}`
	for _, path := range []string{"/auth/login", "/api/auth/login"} {
		for _, body := range []string{
			`{"usuario":"ana","password":"secreto"}`,
			`{"username":"ana","password":"secreto"}`,
			`{"usuario":"ana","username":"root","password":"secreto"}`,
			`{"usuario":"","username":"ana","password":"secreto"}`,
			`{"usuario":null,"username":"ana","password":"secreto","more":[1]}`,
		} {
			expect(t, path+body, h.call("POST", path, body), 200, want)
		}
	}
	h.logged(t, "")
}

func TestLoginRefuses(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	const required, nobody, wrong = "Usuario y contraseña son requeridos", "Usuario no encontrado o inactivo", "Contraseña incorrecta"
	for body, want := range map[string]struct {
		status  int
		message string
	}{
		``:                                {400, required},
		`{}`:                              {400, required},
		`[]`:                              {400, required},
		`[{"usuario":"ana"}]`:             {400, required},
		`{"usuario":"ana"}`:               {400, required},
		`{"password":"secreto"}`:          {400, required},
		`{"usuario":"","password":"x"}`:   {400, required},
		`{"usuario":"ana","password":""}`: {400, required},
		`{"usuario":5,"password":"x"}`:    {400, required},
		`{"usuario":"ana","password":5}`:  {400, required},
		`{"usuario":["ana"],"password":"secreto"}`:           {400, required},
		`{"usuario":{"$ne":""},"password":{"$ne":""}}`:       {400, required},
		`{"usuario":true,"password":"secreto"}`:              {400, required},
		`{"usuario":"ana","password":null}`:                  {400, required},
		`{"usuario":"nadie","password":"secreto"}`:           {401, nobody},
		`{"usuario":"inactiva","password":"secreto"}`:        {401, nobody},
		`{"usuario":"' OR '1'='1' -- ","password":"x"}`:      {401, nobody},
		`{"usuario":"ana","password":"Secreto"}`:             {401, wrong},
		`{"usuario":"ana","password":"secreto "}`:            {401, wrong},
		`{"usuario":"ana","password":"secreto\u0000x"}`:      {401, wrong},
		`{"usuario":"ana","password":"' OR '1'='1"}`:         {401, wrong},
		`{"usuario":"ana","password":"` + long(73) + `"}`:    {401, wrong},
		`{"usuario":"ana","password":"` + long(90000) + `"}`: {401, wrong},
		`{"usuario":"` + long(90000) + `","password":"x"}`:   {401, nobody},
	} {
		expect(t, body[:min(len(body), 80)], h.call("POST", "/auth/login", body), want.status, failure(want.message))
	}
	h.logged(t, "")
}

func long(n int) string { return strings.Repeat("x", n) }

func TestLoginOnServerFailure(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	fails := func(name, line string) {
		t.Helper()
		h.stderr.Reset()
		// More than the limits: no failure of the user's.
		for range 60 {
			expect(t, name, h.login("ana", "secreto", "192.0.2.1"), 500, failure("Error del servidor"))
		}
		h.logged(t, strings.Repeat("Error en login: "+line+"\n", 60))
	}
	for range 60 {
		expect(t, "no hash", h.login("rota", "secreto", "192.0.2.1"), 500, failure("Error del servidor"))
	}
	h.logged(t, strings.Repeat("Error en login: BAD_PASSWORD_HASH\n", 60))

	h.serve(NewTokens(nil, h.clock), NewRepository(h.db, h.clock))
	fails("no secret", "TOKEN_NOT_SIGNED")

	h.serve(h.tokens, broken{context.Canceled})
	fails("client gone", "ECANCELED")

	h.serve(h.tokens, broken{errors.New("SELECT of ana at 10.0.0.1 failed")})
	fails("no database", "DATABASE_ERROR")

	h.serve(h.tokens, NewRepository(h.db, h.clock))
	h.db.Close()
	fails("closed database", "DATABASE_ERROR")
}

// broken is a database that fails.
type broken struct{ err error }

func (b broken) ByUsuario(context.Context, string) (User, error)  { return User{}, b.err }
func (b broken) ByID(context.Context, int64) (User, error)        { return User{}, b.err }
func (b broken) SetPassword(context.Context, int64, string) error { return b.err }

const limited = "Demasiados intentos fallidos. Intenta de nuevo más tarde"

func TestLoginLimitOfUser(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for range 9 {
		expect(t, "wrong", h.login("ana", "wrong", "192.0.2.1"), 401, failure("Contraseña incorrecta"))
	}
	if w := h.login("ana", "secreto", "192.0.2.1"); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.pass(time.Minute)
	for range 10 {
		expect(t, "after a success", h.login("ana", "wrong", "192.0.2.1"), 401, failure("Contraseña incorrecta"))
	}
	h.pass(4*time.Minute + 500*time.Millisecond)
	for _, password := range []string{"wrong", "secreto"} {
		w := h.login("ana", password, "198.51.100.7")
		expect(t, "limited", w, 429, failure(limited))
		if got := w.Header().Get("Retry-After"); got != "660" {
			t.Errorf("Retry-After %q", got)
		}
	}
	if w := h.login("root", "secreto", "192.0.2.1"); w.Code != 200 {
		t.Errorf("another user: %d %s", w.Code, w.Body)
	}
	h.pass(660 * time.Second)
	if w := h.login("ana", "secreto", "192.0.2.1"); w.Code != 200 {
		t.Errorf("after the time: %d %s", w.Code, w.Body)
	}
}

func TestLoginLimitOfAddress(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	body := `{"usuario":"","password":"x"}`
	for n := range 50 {
		// A success takes nothing off, what is no attempt adds nothing.
		if w := h.login("root", "secreto", "2001:db8::1"); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		h.call("POST", "/auth/login", body, "X-Forwarded-For", "2001:db8::1")
		if n%2 == 0 {
			h.login("root", "wrong", "2001:db8::2")
		} else {
			h.login("root", "wrong", "2001:db8::3")
		}
	}
	w := h.login("root", "secreto", "2001:db8::4")
	expect(t, "limited", w, 429, failure(limited))
	if got := w.Header().Get("Retry-After"); got != "900" {
		t.Errorf("Retry-After %q", got)
	}
	if w := h.login("root", "secreto", "2001:db8:0:1::1"); w.Code != 200 {
		t.Errorf("another network: %d %s", w.Code, w.Body)
	}
	// Further left of the header stands what the client has made up.
	expect(t, "spoofed", h.login("root", "secreto", "192.0.2.9, 2001:db8::5"), 429, failure(limited))
}

func TestLoginLimitOfStranger(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for range 9 {
		if _, err := h.limiter.Stranger("nadie"); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "the last one", h.login("NADIE", "wrong", "192.0.2.1"), 401, failure("Usuario no encontrado o inactivo"))
	expect(t, "limited", h.login("nadie ", "wrong", "192.0.2.1"), 429, failure(limited))
}

// Otherwise the time of an answer tells whether there is such a user. No machine does
// 2^10 rounds in less.
func TestStrangerTakesAsLong(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	before := time.Now()
	h.login("nadie", "wrong", "192.0.2.1")
	if took := time.Since(before); took < 10*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}

// What is refused for a user does not count for the address.
func TestLimitedLoginIsNoFailure(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for range 100 {
		h.login("ana", "wrong", "192.0.2.1")
	}
	if w := h.login("root", "secreto", "192.0.2.1"); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestLoginLimitInParallel(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	var all sync.WaitGroup
	status := make(chan int, 40)
	for range 40 {
		all.Go(func() { status <- h.login("ana", "wrong", "192.0.2.1").Code })
	}
	all.Wait()
	close(status)
	count := map[int]int{}
	for code := range status {
		count[code]++
	}
	if count[401] != 10 || count[429] != 30 {
		t.Errorf("%v, want 10 times 401 and 30 times 429", count)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(t, ana)
	expect(t, "with scheme", h.call("POST", "/auth/verify", "", "Authorization", "Bearer "+token), 200, anaWhole)
	expect(t, "bare", h.call("POST", "/api/auth/verify", "", "Authorization", token), 200, anaWhole)
	expect(t, "none", h.call("POST", "/auth/verify", ""), 401, failure("Token no proporcionado"))
	expect(t, "query", h.call("POST", "/auth/verify?token="+token, ""), 401, failure("Token no proporcionado"))
	expect(t, "forged", h.call("POST", "/auth/verify", "", "Authorization", "Bearer x"+token), 401, failure("Token inválido o expirado"))
	expect(t, "no such user", h.call("POST", "/auth/verify", "", "Authorization", h.token(t, Claims{99, 1, "x", Admin})), 404, failure("Usuario no encontrado"))
	expect(t, "may not log in", h.call("POST", "/auth/verify", "", "Authorization", h.token(t, Claims{9, 51, "inactiva", "cliente"})), 200,
		`{"success":true,"user":{"id":9,"cliente_id":51,"usuario":"inactiva","tipo":"cliente","activo":0}}`)
	h.logged(t, "")

	h.serve(NewTokens(nil, h.clock), NewRepository(h.db, h.clock))
	expect(t, "no secret", h.call("POST", "/auth/verify", "", "Authorization", token), 500, failure("Error del servidor"))
	h.serve(h.tokens, broken{errors.New("secret details")})
	expect(t, "no database", h.call("POST", "/auth/verify", "", "Authorization", token), 404, failure("Usuario no encontrado"))
	h.logged(t, "Error en verify controller: TOKEN_NOT_SIGNED\nError obteniendo usuario: DATABASE_ERROR\n")

	h.serve(h.tokens, NewRepository(h.db, h.clock))
	h.pass(24 * time.Hour)
	expect(t, "expired", h.call("POST", "/auth/verify", "", "Authorization", token), 401, failure("Token inválido o expirado"))
}

func TestMe(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(t, ana)
	for _, path := range []string{"/auth/me", "/api/auth/me", "/auth/me?token=x"} {
		expect(t, path, h.call("GET", path, "", "Authorization", "Bearer "+token), 200, anaWhole)
		if w := h.call("HEAD", path, "", "Authorization", token); w.Code != 200 {
			t.Errorf("HEAD %s: %d", path, w.Code)
		}
	}
	expect(t, "query", h.call("GET", "/auth/me?token="+token, ""), 200, anaWhole)
	// The database knows better than the token.
	exec(t, h.db, "UPDATE ll_usuarios SET activo = 0, tipo = 'admin', cliente_id = 52 WHERE id = 7")
	expect(t, "changed", h.call("GET", "/auth/me", "", "Authorization", token), 200,
		`{"success":true,"user":{"id":7,"cliente_id":52,"usuario":"ana","tipo":"admin","activo":0}}`)
	exec(t, h.db, "DELETE FROM ll_usuarios")
	expect(t, "deleted", h.call("GET", "/auth/me", "", "Authorization", token), 404, failure("Usuario no encontrado"))
	h.logged(t, "")
	h.db.Close()
	expect(t, "no database", h.call("GET", "/auth/me", "", "Authorization", token), 404, failure("Usuario no encontrado"))
	h.logged(t, "Error obteniendo usuario: DATABASE_ERROR\n")
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	change := func(claims Claims, body string) (int, string) {
		w := h.call("POST", "/api/auth/change-password", body, "Authorization", h.token(t, claims))
		return w.Code, w.Body.String()
	}
	const required = "Contraseña actual y nueva son requeridas"
	for _, test := range []struct {
		claims Claims
		body   string
		status int
		want   string
	}{
		{ana, ``, 400, failure(required)},
		{ana, `[]`, 400, failure(required)},
		{ana, `{"oldPassword":"secreto"}`, 400, failure(required)},
		{ana, `{"newPassword":"secreto2"}`, 400, failure(required)},
		{ana, `{"oldPassword":"secreto","newPassword":""}`, 400, failure(required)},
		{ana, `{"oldPassword":"secreto","newPassword":1234567}`, 400, failure(required)},
		{ana, `{"oldPassword":["secreto"],"newPassword":"secreto2"}`, 400, failure(required)},
		{ana, `{"oldPassword":"secreto","newPassword":"cinco"}`, 400, failure("La nueva contraseña debe tener al menos 6 caracteres")},
		{ana, `{"oldPassword":"secreto","newPassword":"` + long(73) + `"}`, 400, failure("La nueva contraseña no puede superar los 72 bytes")},
		{ana, `{"oldPassword":"Secreto","newPassword":"secreto2"}`, 200, failure("Contraseña actual incorrecta")},
		{ana, `{"oldPassword":"` + long(73) + `","newPassword":"secreto2"}`, 200, failure("Contraseña actual incorrecta")},
		{Claims{99, 1, "x", Admin}, `{"oldPassword":"secreto","newPassword":"secreto2"}`, 200, failure("Usuario no encontrado")},
		{ana, `{"oldPassword":"secreto","newPassword":"seises"}`, 200, `{"success":true,"message":"Contraseña actualizada correctamente"}`},
		{ana, `{"oldPassword":"secreto","newPassword":"seises"}`, 200, failure("Contraseña actual incorrecta")},
		{ana, `{"oldPassword":"seises","newPassword":"` + long(72) + `"}`, 200, `{"success":true,"message":"Contraseña actualizada correctamente"}`},
	} {
		if status, body := change(test.claims, test.body); status != test.status || body != test.want {
			t.Errorf("%s: %d %s; want %d %s", test.body, status, body, test.status, test.want)
		}
	}
	if w := h.login("ana", long(72), "192.0.2.1"); w.Code != 200 {
		t.Errorf("login with the new one: %d %s", w.Code, w.Body)
	}
	if w := h.login("root", "secreto", "192.0.2.1"); w.Code != 200 {
		t.Errorf("login of another user: %d %s", w.Code, w.Body)
	}
	var hash string
	if err := h.db.QueryRowContext(t.Context(), "SELECT password_hash FROM ll_usuarios WHERE id = 7").Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if cost, err := bcrypt.Cost([]byte(hash)); cost != 10 || err != nil {
		t.Errorf("cost %d, %v", cost, err)
	}
	expect(t, "no token", h.call("POST", "/auth/change-password", "{}"), 401, failure("Token no proporcionado"))
	h.logged(t, "")
	h.db.Close()
	if status, body := change(ana, `{"oldPassword":"secreto","newPassword":"seises"}`); status != 200 || body != failure("Error del servidor") {
		t.Errorf("no database: %d %s", status, body)
	}
	h.logged(t, "Error cambiando contraseña: DATABASE_ERROR\n")
}

func TestLogout(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(t, ana)
	for _, path := range []string{"/auth/logout", "/api/auth/logout"} {
		// The second time with the same token.
		expect(t, path, h.call("POST", path, "", "Authorization", token), 200, `{"success":true,"message":"Sesión cerrada correctamente"}`)
		expect(t, path, h.call("POST", path, ""), 401, failure("Token no proporcionado"))
	}
}

// An answer holds no part of the user but what the contract names.
func TestNoHashLeaves(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for _, body := range []string{
		h.login("ana", "secreto", "192.0.2.1").Body.String(),
		h.call("GET", "/auth/me", "", "Authorization", h.token(t, ana)).Body.String(),
	} {
		if strings.Contains(body, h.hash) || !json.Valid([]byte(body)) {
			t.Errorf("%s", body)
		}
	}
}

// Who has somebody's token can't try passwords with it for ever.
func TestChangePasswordIsLimited(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	change := func() *httptest.ResponseRecorder {
		return h.call("POST", "/api/auth/change-password", `{"oldPassword":"guess","newPassword":"secreto2"}`, "Authorization", h.token(t, ana))
	}
	for range userLimit {
		expect(t, "a guess", change(), 200, failure("Contraseña actual incorrecta"))
	}
	w := change()
	expect(t, "one too many", w, 429, failure("Demasiados intentos fallidos. Intenta de nuevo más tarde"))
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.logged(t, "")
}
