package whatsappqr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// Repository keeps authorizations in ll_whatsapp_qr_sessions. Errors are the
// database's, and it handles none.
type Repository struct {
	db  *database.DB
	now func() time.Time
}

// NewRepository returns a repository in db by the clock now: the application's and not
// the database's says when an authorization has expired.
func NewRepository(db *database.DB, now func() time.Time) *Repository {
	return &Repository{db, now}
}

// columns are all, enabled as the comparison that counts: whatever is not 1 is denied.
const columns = "id, cliente_id, enabled = 1, enabled_by_admin_id, enabled_at, expires_at, revoked_at, created_at"

// newest orders the rows of a customer. A table of before the hub's own may have two,
// and the one that was authorized last counts.
const newest = " ORDER BY enabled_at DESC, id DESC"

// lastYear is the last one that a DATETIME can be in.
const lastYear = 9999

// instant is the clock as the databases keep it: UTC, whole seconds.
func (r *Repository) instant() time.Time { return r.now().UTC().Truncate(time.Second) }

// IsClientAuthorized tells whether the customer's authorization is in force.
func (r *Repository) IsClientAuthorized(ctx context.Context, clienteID int64) (bool, error) {
	row, err := r.ActiveOf(ctx, clienteID)
	return row != nil, err
}

// ActiveOf returns the customer's authorization if it is in force, else nil.
func (r *Repository) ActiveOf(ctx context.Context, clienteID int64) (*Authorization, error) {
	row, err := r.Authorization(ctx, clienteID)
	if err != nil || row == nil || !row.InForce(r.now()) {
		return nil, err
	}
	return row, nil
}

// Enabled is what EnableClient has done.
type Enabled struct {
	ClienteID int64
	EnabledAt time.Time
	ExpiresAt *time.Time
}

// EnableClient authorizes a customer from now on until expiresAt, or without an end: a
// row that is there is put in force again and keeps its created_at. A table of before the
// hub's own may insist on an end.
func (r *Repository) EnableClient(ctx context.Context, clienteID, adminID int64, expiresAt *time.Time) (Enabled, error) {
	now := r.instant()
	if expiresAt != nil {
		end := expiresAt.UTC().Truncate(time.Second)
		if end.Year() > lastYear {
			return Enabled{}, fmt.Errorf("expiry in the year %d: want one up to %d", end.Year(), lastYear)
		}
		expiresAt = &end
	}
	_, err := r.db.ExecContext(ctx, "INSERT INTO ll_whatsapp_qr_sessions"+
		" (cliente_id, enabled, enabled_by_admin_id, enabled_at, expires_at, revoked_at, created_at) VALUES (?, 1, ?, ?, ?, NULL, ?) "+
		r.db.OnConflict("cliente_id", "enabled", "enabled_by_admin_id", "enabled_at", "expires_at", "revoked_at"),
		clienteID, adminID, database.Time(now), database.NullTime(expiresAt), database.Time(now))
	if err != nil {
		return Enabled{}, err
	}
	return Enabled{ClienteID: clienteID, EnabledAt: now, ExpiresAt: expiresAt}, nil
}

// Revoked is what RevokeClient has done.
type Revoked struct {
	ClienteID int64
	// Found tells whether the customer ever had an authorization. Without one nothing
	// was revoked.
	Found     bool
	RevokedAt time.Time
}

// RevokeClient ends the customer's authorization now. Revoking twice moves the instant.
// The administrator, nil for none, is stored nowhere: the table has no room.
func (r *Repository) RevokeClient(ctx context.Context, clienteID int64, _ *int64) (Revoked, error) {
	now := r.instant()
	found, err := r.revoke(ctx, "enabled = 0, revoked_at = ?", now, clienteID)
	if r.db.IsDuplicate(err) {
		// A table of before the hub's own, with another row of the customer that is not
		// enabled: only one may be so. Whatever was revoked is not in force either.
		found, err = r.revoke(ctx, "revoked_at = ?", now, clienteID)
	}
	if err != nil || !found {
		return Revoked{ClienteID: clienteID}, err
	}
	return Revoked{ClienteID: clienteID, Found: true, RevokedAt: now}, nil
}

func (r *Repository) revoke(ctx context.Context, set string, now time.Time, clienteID int64) (found bool, err error) {
	result, err := r.db.ExecContext(ctx, "UPDATE ll_whatsapp_qr_sessions SET "+set+" WHERE cliente_id = ?", database.Time(now), clienteID)
	if err != nil {
		return false, err
	}
	rows, err := result.RowsAffected()
	return rows > 0, err
}

// Authorization returns the customer's row, nil without one.
func (r *Repository) Authorization(ctx context.Context, clienteID int64) (*Authorization, error) {
	row := r.db.QueryRowContext(ctx, "SELECT "+columns+" FROM ll_whatsapp_qr_sessions WHERE cliente_id = ?"+newest+" LIMIT 1", clienteID)
	a, err := scan(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// Active returns the authorizations in force, those that end first in front, those that
// do not end last.
func (r *Repository) Active(ctx context.Context) ([]Authorization, error) {
	all, err := r.Latest(ctx)
	if err != nil {
		return nil, err
	}
	now := r.now()
	active := slices.DeleteFunc(all, func(a Authorization) bool { return !a.InForce(now) })
	slices.SortStableFunc(active, soonest)
	return active, nil
}

// Latest returns the row of each customer who ever had an authorization, by customer.
func (r *Repository) Latest(ctx context.Context) ([]Authorization, error) {
	rows, err := r.db.QueryContext(ctx, "SELECT "+columns+" FROM ll_whatsapp_qr_sessions ORDER BY cliente_id, enabled_at DESC, id DESC")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Authorization
	for rows.Next() {
		a, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].ClienteID != a.ClienteID {
			all = append(all, a)
		}
	}
	return all, rows.Err()
}

func scan(scan func(...any) error) (Authorization, error) {
	var a Authorization
	err := scan(&a.ID, &a.ClienteID, &a.Enabled, &a.EnabledByAdminID, &a.EnabledAt, &a.ExpiresAt, &a.RevokedAt, &a.CreatedAt)
	return a, err
}
