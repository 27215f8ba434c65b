// Package whatsappqr guards the WhatsApp QR codes: a customer gets one only while an
// administrator's authorization for that customer is in force.
package whatsappqr

import (
	"cmp"
	"time"
)

// Authorization is a row of ll_whatsapp_qr_sessions. Instants are UTC, whole seconds.
type Authorization struct {
	ID        int64
	ClienteID int64
	Enabled   bool
	// EnabledByAdminID is the user who authorized.
	EnabledByAdminID int64
	EnabledAt        time.Time
	// ExpiresAt is nil for one that does not expire.
	ExpiresAt *time.Time
	// RevokedAt is nil for one that was not revoked.
	RevokedAt *time.Time
	CreatedAt time.Time
}

// InForce tells whether it allows a QR code at the instant now: at the exact instant of
// its expiry it still does.
func (a Authorization) InForce(now time.Time) bool {
	return a.Enabled && a.RevokedAt == nil && (a.ExpiresAt == nil || !now.After(*a.ExpiresAt))
}

// soonest puts what never ends last.
func soonest(a, b Authorization) int {
	if a.ExpiresAt == nil || b.ExpiresAt == nil {
		return cmp.Compare(endless(a), endless(b))
	}
	return a.ExpiresAt.Compare(*b.ExpiresAt)
}

func endless(a Authorization) int {
	if a.ExpiresAt == nil {
		return 1
	}
	return 0
}
