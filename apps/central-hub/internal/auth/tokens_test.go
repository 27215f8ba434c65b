package auth

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var (
	start  = time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	secret = []byte("the tests' secret")
	ana    = Claims{ID: 7, ClienteID: 51, Usuario: "ana", Tipo: "cliente"}
)

func fixed(at time.Time) func() time.Time { return func() time.Time { return at } }

// signed returns the token of claims, signed by method with key.
func signed(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// claimsOf is what a token of ana's says at start, but for the changes; one to nil takes
// a claim away.
func claimsOf(changes jwt.MapClaims) jwt.MapClaims {
	claims := jwt.MapClaims{
		"id": 7, "cliente_id": 51, "usuario": "ana", "tipo": "cliente",
		"iat": start.Unix(), "exp": start.Add(24 * time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func TestTokenLifetime(t *testing.T) {
	t.Parallel()
	now := start
	tokens := NewTokens(secret, func() time.Time { return now })
	token, err := tokens.Issue(ana)
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]error{
		0: nil, 24*time.Hour - time.Second: nil, 24 * time.Hour: ErrToken, 48 * time.Hour: ErrToken,
	} {
		now = start.Add(after)
		claims, err := tokens.Read(token)
		if !errors.Is(err, want) || err == nil && claims != ana {
			t.Errorf("after %s: %v, %v; want %v", after, claims, err, want)
		}
	}
}

// The hub before this one made tokens with exactly these claims.
func TestTokenClaims(t *testing.T) {
	t.Parallel()
	token, err := NewTokens(secret, fixed(start.Add(900*time.Millisecond))).Issue(ana)
	if err != nil {
		t.Fatal(err)
	}
	if want := signed(t, jwt.SigningMethodHS256, secret, claimsOf(nil)); len(token) != len(want) {
		t.Errorf("%s is not as long as %s", token, want)
	}
	got := jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(token, got)
	if err != nil {
		t.Fatal(err)
	}
	want := jwt.MapClaims{
		"id": 7.0, "cliente_id": 51.0, "usuario": "ana", "tipo": "cliente",
		"iat": float64(start.Unix()), "exp": float64(start.Unix() + 86400),
	}
	if !maps.Equal(got, want) || parsed.Header["alg"] != "HS256" {
		t.Errorf("header %v, claims %v; want %v", parsed.Header, got, want)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	hs256 := func(changes jwt.MapClaims) string {
		return signed(t, jwt.SigningMethodHS256, secret, claimsOf(changes))
	}
	good := hs256(nil)
	header, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	other := strings.Split(hs256(jwt.MapClaims{"tipo": "admin"}), ".")[1]
	none := signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claimsOf(nil))
	noneHeader, _, _ := strings.Cut(none, ".")
	tests := map[string]string{
		"empty":              "",
		"no token":           "hello",
		"two parts":          header + "." + body,
		"four parts":         good + "." + signature,
		"no signature":       header + "." + body + ".",
		"other claims":       header + "." + other + "." + signature,
		"alg none":           none,
		"alg none, signed":   noneHeader + "." + body + "." + signature,
		"another method":     signed(t, jwt.SigningMethodHS512, secret, claimsOf(nil)),
		"another key":        signed(t, jwt.SigningMethodHS256, []byte("a guess"), claimsOf(nil)),
		"an empty key":       signed(t, jwt.SigningMethodHS256, []byte{}, claimsOf(nil)),
		"padded":             good + "=",
		"no exp":             hs256(jwt.MapClaims{"exp": nil}),
		"exp a text":         hs256(jwt.MapClaims{"exp": "99999999999"}),
		"exp past":           hs256(jwt.MapClaims{"exp": start.Unix()}),
		"nbf ahead":          hs256(jwt.MapClaims{"nbf": start.Unix() + 1}),
		"nbf a text":         hs256(jwt.MapClaims{"nbf": "1"}),
		"no iat":             hs256(jwt.MapClaims{"iat": nil}),
		"iat a text":         hs256(jwt.MapClaims{"iat": "1"}),
		"no id":              hs256(jwt.MapClaims{"id": nil}),
		"id a text":          hs256(jwt.MapClaims{"id": "7"}),
		"id a fraction":      hs256(jwt.MapClaims{"id": 7.5}),
		"id 0":               hs256(jwt.MapClaims{"id": 0}),
		"id below 0":         hs256(jwt.MapClaims{"id": -7}),
		"no cliente_id":      hs256(jwt.MapClaims{"cliente_id": nil}),
		"cliente_id a list":  hs256(jwt.MapClaims{"cliente_id": []int{51}}),
		"cliente_id below 0": hs256(jwt.MapClaims{"cliente_id": -1}),
		"no usuario":         hs256(jwt.MapClaims{"usuario": nil}),
		"usuario empty":      hs256(jwt.MapClaims{"usuario": ""}),
		"usuario a number":   hs256(jwt.MapClaims{"usuario": 1}),
		"no tipo":            hs256(jwt.MapClaims{"tipo": nil}),
		"tipo empty":         hs256(jwt.MapClaims{"tipo": ""}),
		"tipo an object":     hs256(jwt.MapClaims{"tipo": jwt.MapClaims{}}),
		"null":               signed(t, jwt.SigningMethodHS256, secret, nil),
	}
	tokens := NewTokens(secret, fixed(start))
	if claims, err := tokens.Read(good); err != nil || claims != ana {
		t.Fatalf("a good token: %v, %v", claims, err)
	}
	for name, token := range tests {
		if claims, err := tokens.Read(token); !errors.Is(err, ErrToken) || claims != (Claims{}) {
			t.Errorf("%s: %v, %v; want %v", name, claims, err, ErrToken)
		}
	}
}

func TestReadTakes(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]jwt.MapClaims{
		"nbf reached":    {"nbf": start.Unix()},
		"a claim more":   {"iss": "somebody", "aud": "all"},
		"no customer":    {"cliente_id": 0},
		"a clock behind": {"iat": start.Unix() + 5},
	} {
		if _, err := NewTokens(secret, fixed(start)).Read(signed(t, jwt.SigningMethodHS256, secret, claimsOf(changes))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoSecret(t *testing.T) {
	t.Parallel()
	tokens := NewTokens(nil, fixed(start))
	if token, err := tokens.Issue(ana); !errors.Is(err, ErrSigning) || token != "" {
		t.Errorf("issued %q, %v", token, err)
	}
	if claims, err := tokens.Read(signed(t, jwt.SigningMethodHS256, []byte{}, claimsOf(nil))); !errors.Is(err, ErrSigning) {
		t.Errorf("read %v, %v", claims, err)
	}
}

func FuzzRead(f *testing.F) {
	tokens := NewTokens(secret, fixed(start))
	token, err := tokens.Issue(ana)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		if claims, err := tokens.Read(text); err == nil && (text != token || claims != ana) {
			t.Errorf("%q is taken for a token of %v", text, claims)
		}
	})
}
