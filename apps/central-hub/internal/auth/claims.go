// Package auth knows the users: it checks passwords, issues and reads tokens, and
// keeps requests without a valid one from what they guard.
package auth

import "github.com/gin-gonic/gin"

// Admin is the tipo of administrators; everybody else's is "cliente".
const Admin = "admin"

// Claims is what a token says of its user.
type Claims struct {
	ID        int64  `json:"id"`
	ClienteID int64  `json:"cliente_id"`
	Usuario   string `json:"usuario"`
	Tipo      string `json:"tipo"`
}

const currentUser = "central-hub/user"

// SetCurrentUser makes claims those of the request's user.
func SetCurrentUser(c *gin.Context, claims Claims) { c.Set(currentUser, claims) }

// CurrentUser returns whose request it is; the zero value where no token was asked for.
func CurrentUser(c *gin.Context) Claims {
	claims, _ := c.Value(currentUser).(Claims)
	return claims
}
