package whatsappqr

import (
	"context"
	"errors"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// Store is what a Service needs of a Repository.
type Store interface {
	IsClientAuthorized(ctx context.Context, clienteID int64) (bool, error)
	EnableClient(ctx context.Context, clienteID, adminID int64, expiresAt *time.Time) (Enabled, error)
	RevokeClient(ctx context.Context, clienteID int64, adminID *int64) (Revoked, error)
	Authorization(ctx context.Context, clienteID int64) (*Authorization, error)
	ActiveOf(ctx context.Context, clienteID int64) (*Authorization, error)
	Active(ctx context.Context) ([]Authorization, error)
	Latest(ctx context.Context) ([]Authorization, error)
}

// Service decides who may have a QR code. Where the database fails it says no.
type Service struct {
	store Store
	out   *console.Console
}

// NewService returns a service over store that tells of failures on out.
func NewService(store Store, out *console.Console) *Service {
	return &Service{store, out}
}

// AuthorizeQrSession authorizes a customer until expiresAt, nil for no end.
func (s *Service) AuthorizeQrSession(ctx context.Context, clientID, authorizedBy int64, expiresAt *time.Time) AuthorizeResult {
	done, err := s.store.EnableClient(ctx, clientID, authorizedBy, expiresAt)
	if err != nil {
		s.failed(ctx, err, "autorizando", clientID)
		return AuthorizeResult{ClientID: clientID, Status: Failed, Error: err.Error()}
	}
	return AuthorizeResult{ClientID: clientID, Status: Authorized, EnabledAt: done.EnabledAt, ExpiresAt: done.ExpiresAt}
}

// RevokeQrSession ends a customer's authorization. revokedBy is nil where no
// administrator did it.
func (s *Service) RevokeQrSession(ctx context.Context, clientID int64, revokedBy *int64) RevokeResult {
	done, err := s.store.RevokeClient(ctx, clientID, revokedBy)
	switch {
	case err != nil:
		s.failed(ctx, err, "revocando", clientID)
		return RevokeResult{ClientID: clientID, Status: Failed, Error: err.Error()}
	case !done.Found:
		return RevokeResult{ClientID: clientID, Status: NotFound, Error: "Client authorization not found"}
	}
	return RevokeResult{ClientID: clientID, Status: Revocation, RevokedAt: done.RevokedAt}
}

// Session is an authorization without the numbers of its row and its administrator.
type Session struct {
	ClientID  int64
	Enabled   bool
	EnabledAt time.Time
	ExpiresAt *time.Time
	RevokedAt *time.Time
	CreatedAt time.Time
}

// QrSession returns what there is of a customer; nil without a row, and where the
// database fails.
func (s *Service) QrSession(ctx context.Context, clientID int64) *Session {
	row, err := s.store.Authorization(ctx, clientID)
	if err != nil {
		s.failed(ctx, err, "leyendo", clientID)
		return nil
	}
	if row == nil {
		return nil
	}
	return &Session{row.ClienteID, row.Enabled, row.EnabledAt, row.ExpiresAt, row.RevokedAt, row.CreatedAt}
}

// IsAuthorized tells whether the customer may have a QR code now.
func (s *Service) IsAuthorized(ctx context.Context, clientID int64) bool {
	allowed, err := s.store.IsClientAuthorized(ctx, clientID)
	if err != nil {
		s.failed(ctx, err, "verificando", clientID)
		return false
	}
	return allowed
}

// ActiveSession returns the customer's authorization if it is in force, else nil.
func (s *Service) ActiveSession(ctx context.Context, clientID int64) (*Authorization, error) {
	row, err := s.store.ActiveOf(ctx, clientID)
	if err != nil {
		s.failed(ctx, err, "leyendo", clientID)
	}
	return row, err
}

// ActiveSessions returns the authorizations in force.
func (s *Service) ActiveSessions(ctx context.Context) ([]Authorization, error) {
	all, err := s.store.Active(ctx)
	if err != nil {
		s.failed(ctx, err, "listando", 0)
	}
	return all, err
}

// Customers returns the numbers of the customers who ever had an authorization.
func (s *Service) Customers(ctx context.Context) ([]int64, error) {
	all, err := s.store.Latest(ctx)
	if err != nil {
		s.failed(ctx, err, "listando", 0)
		return nil, err
	}
	ids := make([]int64, len(all))
	for i, a := range all {
		ids[i] = a.ClienteID
	}
	return ids, nil
}

// failed tells of an error, which is no outage where the client has gone meanwhile.
func (s *Service) failed(ctx context.Context, err error, doing string, clientID int64) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		s.out.QRStoreFailed(doing, clientID, database.Reason(err))
	}
}
