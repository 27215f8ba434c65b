package auth

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Authenticate returns the middleware that lets only requests with a token pass and
// makes its claims the current user. The token is in the header Authorization or, for
// image tags, which cannot send one, in the query parameter token.
func Authenticate(tokens *Tokens, out *console.Console) gin.HandlerFunc {
	return func(c *gin.Context) {
		token := cmp.Or(bearer(c), c.Query("token"))
		if token == "" {
			web.Fail(c, http.StatusUnauthorized, noToken)
			return
		}
		claims, err := tokens.Read(token)
		switch {
		case err == nil:
			SetCurrentUser(c, claims)
		case errors.Is(err, ErrToken):
			web.Fail(c, http.StatusUnauthorized, invalidToken)
		default:
			out.AuthenticationFailed(reason(err))
			web.Fail(c, http.StatusInternalServerError, serverError)
		}
	}
}

// bearer returns the token of the header Authorization, with its scheme or bare.
func bearer(c *gin.Context) string {
	return strings.TrimPrefix(c.GetHeader("Authorization"), "Bearer ")
}

// RequireAdmin is the middleware, after Authenticate, that lets only administrators pass.
func RequireAdmin(c *gin.Context) {
	if CurrentUser(c).Tipo != Admin {
		web.Fail(c, http.StatusForbidden, "Acceso denegado. Se requiere rol de administrador")
	}
}
