package auth

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// payload is a token's JSON. Pointers tell what is missing. Instants are whole seconds
// since 1970; the library's own type would take a number in quotes as well.
type payload struct {
	ID        *int64  `json:"id"`
	ClienteID *int64  `json:"cliente_id"`
	Usuario   *string `json:"usuario"`
	Tipo      *string `json:"tipo"`
	IssuedAt  *int64  `json:"iat"`
	ExpiresAt *int64  `json:"exp"`
	NotBefore *int64  `json:"nbf,omitempty"`
}

// Validate is called by the parser once the signature is right.
func (p payload) Validate() error {
	switch {
	case p.ID == nil || *p.ID <= 0,
		p.ClienteID == nil || *p.ClienteID < 0,
		p.Usuario == nil || *p.Usuario == "",
		p.Tipo == nil || *p.Tipo == "",
		p.IssuedAt == nil:
		return errors.New("a claim is missing")
	}
	return nil
}

// The remaining methods make it jwt.Claims.

func (p payload) GetExpirationTime() (*jwt.NumericDate, error) { return instant(p.ExpiresAt), nil }
func (p payload) GetIssuedAt() (*jwt.NumericDate, error)       { return instant(p.IssuedAt), nil }
func (p payload) GetNotBefore() (*jwt.NumericDate, error)      { return instant(p.NotBefore), nil }
func (p payload) GetIssuer() (string, error)                   { return "", nil }
func (p payload) GetSubject() (string, error)                  { return "", nil }
func (p payload) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }

func instant(seconds *int64) *jwt.NumericDate {
	if seconds == nil {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(*seconds, 0))
}
