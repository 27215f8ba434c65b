package auth

import (
	"testing"
	"time"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(t, ana)
	for name, header := range map[string][]string{
		"scheme":        {"Authorization", "Bearer " + token},
		"bare":          {"Authorization", token},
		"first of two":  {"Authorization", token, "Authorization", "x"},
		"header counts": {"Authorization", token},
	} {
		path := "/whoami"
		if name == "header counts" {
			path += "?token=x"
		}
		expect(t, name, h.call("GET", path, "", header...), 200, anaJSON)
	}
	expect(t, "query", h.call("GET", "/whoami?token="+token, ""), 200, anaJSON)
	expect(t, "query, empty header", h.call("GET", "/whoami?token="+token, "", "Authorization", ""), 200, anaJSON)
	expect(t, "query, scheme alone", h.call("GET", "/whoami?token="+token, "", "Authorization", "Bearer "), 200, anaJSON)

	const none, invalid = "Token no proporcionado", "Token inválido o expirado"
	expect(t, "nothing", h.call("GET", "/whoami", ""), 401, failure(none))
	expect(t, "empty", h.call("GET", "/whoami?token=", "", "Authorization", "Bearer "), 401, failure(none))
	for _, value := range []string{"bearer " + token, "BEARER " + token, "Bearer  " + token, "Basic YTpi", "Bearer", "x", "Bearer Bearer " + token} {
		expect(t, value, h.call("GET", "/whoami?token="+token, "", "Authorization", value), 401, failure(invalid))
	}
	h.logged(t, "")
	h.pass(24 * time.Hour)
	expect(t, "expired", h.call("GET", "/whoami", "", "Authorization", token), 401, failure(invalid))

	h.serve(NewTokens(nil, h.clock), nil)
	expect(t, "no secret", h.call("GET", "/whoami", "", "Authorization", token), 500, failure("Error del servidor"))
	h.logged(t, "Error en middleware de autenticación: TOKEN_NOT_SIGNED\n")
}

// NODE_ENV=test lets nobody in.
func TestNoBypass(t *testing.T) {
	t.Setenv("NODE_ENV", "test")
	h := newHub(t)
	expect(t, "whoami", h.call("GET", "/whoami", ""), 401, failure("Token no proporcionado"))
}

func TestRequireAdmin(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	const denied = "Acceso denegado. Se requiere rol de administrador"
	expect(t, "admin", h.call("GET", "/admin", "", "Authorization", h.token(t, Claims{8, 1, "root", Admin})), 200, "true")
	for _, tipo := range []string{"cliente", "Admin", "admin ", "administrador"} {
		expect(t, tipo, h.call("GET", "/admin", "", "Authorization", h.token(t, Claims{7, 1, "ana", tipo})), 403, failure(denied))
	}
	expect(t, "no token", h.call("GET", "/admin", ""), 401, failure("Token no proporcionado"))
	expect(t, "not authenticated", h.call("GET", "/unguarded", ""), 403, failure(denied))
}
