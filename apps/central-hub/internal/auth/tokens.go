package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenLifetime is from a token's issue to its end. Nothing ends one earlier.
const tokenLifetime = 24 * time.Hour

// ErrToken says that a token is not one of ours, or no longer in force.
var ErrToken = errors.New("the token is invalid or expired")

// ErrSigning says that there is no secret, so that nothing can be signed or checked.
var ErrSigning = errors.New("no secret to sign tokens with")

// Tokens issues and reads the users' tokens: JWT (RFC 7519) signed with HS256 and
// nothing else, whatever a token's header asks for.
type Tokens struct {
	secret []byte
	now    func() time.Time
	parser *jwt.Parser
}

// NewTokens returns the tokens signed with secret, by the clock now.
func NewTokens(secret []byte, now func() time.Time) *Tokens {
	return &Tokens{secret, now, jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(now), jwt.WithStrictDecoding())}
}

// Issue returns a token that says claims for the next 24 hours. The error is ErrSigning.
func (t *Tokens) Issue(claims Claims) (string, error) {
	if len(t.secret) == 0 {
		return "", ErrSigning
	}
	issued := t.now().Unix()
	expires := issued + int64(tokenLifetime/time.Second)
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, payload{
		ID: &claims.ID, ClienteID: &claims.ClienteID, Usuario: &claims.Usuario, Tipo: &claims.Tipo,
		IssuedAt: &issued, ExpiresAt: &expires,
	})
	text, err := token.SignedString(t.secret)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrSigning, err)
	}
	return text, nil
}

// Read returns what token says. The error is ErrToken, or ErrSigning where no token
// can be checked: an empty secret would take what anybody signed with it.
func (t *Tokens) Read(token string) (Claims, error) {
	if len(t.secret) == 0 {
		return Claims{}, ErrSigning
	}
	var p payload
	_, err := t.parser.ParseWithClaims(token, &p, func(*jwt.Token) (any, error) { return t.secret, nil })
	if err != nil {
		return Claims{}, ErrToken
	}
	return Claims{*p.ID, *p.ClienteID, *p.Usuario, *p.Tipo}, nil
}
