package whatsappqr

import "time"

// What can come of an authorization or a revocation.
const (
	Authorized = "AUTHORIZED"
	Revocation = "REVOKED"
	NotFound   = "NOT_FOUND"
	Failed     = "ERROR"
)

// AuthorizeResult is what came of an authorization.
type AuthorizeResult struct {
	ClientID int64
	// Status is AUTHORIZED or ERROR.
	Status    string
	EnabledAt time.Time
	ExpiresAt *time.Time
	Error     string
}

// RevokeResult is what came of a revocation.
type RevokeResult struct {
	ClientID int64
	// Status is REVOKED, NOT_FOUND or ERROR.
	Status    string
	RevokedAt time.Time
	Error     string
}
