package console

import "fmt"

// LoginFailed says that a login failed by no fault of its user.
func (c *Console) LoginFailed(reason string) { c.trouble("Error en login", reason) }

// VerifyFailed says that no token can be verified.
func (c *Console) VerifyFailed(reason string) { c.trouble("Error en verify controller", reason) }

// UserLookupFailed says that it is not known whether there is a user.
func (c *Console) UserLookupFailed(reason string) { c.trouble("Error obteniendo usuario", reason) }

// PasswordChangeFailed says that a password stays by no fault of its user.
func (c *Console) PasswordChangeFailed(reason string) {
	c.trouble("Error cambiando contraseña", reason)
}

// AuthenticationFailed says that no request's token can be checked.
func (c *Console) AuthenticationFailed(reason string) {
	c.trouble("Error en middleware de autenticación", reason)
}

func (c *Console) trouble(what, reason string) {
	fmt.Fprintf(c.stderr, "%s: %s\n", what, reason)
}
