package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// User is a row of ll_usuarios.
type User struct {
	ID           int64
	ClienteID    int64
	Usuario      string
	PasswordHash string
	// Tipo is Admin or "cliente".
	Tipo string
	// Activo is 1, or 0 for a user who may not log in.
	Activo int
}

// Claims returns what a token is to say of u.
func (u User) Claims() Claims { return Claims{u.ID, u.ClienteID, u.Usuario, u.Tipo} }

var (
	// ErrNoUser says that there is no such user, or none who may log in.
	ErrNoUser = errors.New("no such user")
	// ErrUserExists says that a new user's name is taken.
	ErrUserExists = errors.New("the name is taken")
)

// Repository keeps the users in the table ll_usuarios.
//
// Whether two names are the same is the database's own opinion: SQLite compares their
// bytes, MySQL by the column's collation, to which case, accents and blanks at the end
// make no difference. So "Ana" and "ana" are one user there and two here. Who counts
// something for a user takes the id, never the name that somebody typed.
type Repository struct {
	db  *database.DB
	now func() time.Time
}

// NewRepository returns the users in db; new ones are dated by the clock now.
func NewRepository(db *database.DB, now func() time.Time) *Repository {
	return &Repository{db, now}
}

const selectUser = "SELECT id, cliente_id, usuario, password_hash, tipo, activo FROM ll_usuarios "

// ByUsuario returns the user of that name who may log in: the first one, since an old
// table may hold several. The error is ErrNoUser or the database's.
func (r *Repository) ByUsuario(ctx context.Context, usuario string) (User, error) {
	return r.one(ctx, selectUser+"WHERE usuario = ? AND activo = 1 ORDER BY id LIMIT 1", usuario)
}

// ByID returns a user, one who may not log in too. The error is ErrNoUser or the
// database's.
func (r *Repository) ByID(ctx context.Context, id int64) (User, error) {
	return r.one(ctx, selectUser+"WHERE id = ?", id)
}

func (r *Repository) one(ctx context.Context, query string, key any) (User, error) {
	var u User
	err := r.db.QueryRowContext(ctx, query, key).
		Scan(&u.ID, &u.ClienteID, &u.Usuario, &u.PasswordHash, &u.Tipo, &u.Activo)
	switch {
	case errors.Is(err, sql.ErrNoRows), r.db.IsForeignText(err):
		return User{}, ErrNoUser
	case err != nil:
		return User{}, fmt.Errorf("read the user: %w", err)
	default:
		return u, nil
	}
}

// SetPassword replaces a user's hash. The error is ErrNoUser or the database's.
func (r *Repository) SetPassword(ctx context.Context, id int64, hash string) error {
	result, err := r.db.ExecContext(ctx, "UPDATE ll_usuarios SET password_hash = ? WHERE id = ?", hash, id)
	if err != nil {
		return fmt.Errorf("set the user's password: %w", err)
	}
	return want(result, ErrNoUser)
}

// Create adds u, whose ID the database picks, as one who may log in. The error is
// ErrUserExists, also when who has the name may not log in, or the database's. The name
// is looked for because an old table may lack the unique key.
func (r *Repository) Create(ctx context.Context, u User) error {
	result, err := r.db.ExecContext(ctx,
		"INSERT INTO ll_usuarios (cliente_id, usuario, password_hash, tipo, activo, created_at) "+
			"SELECT ?, ?, ?, ?, 1, ? FROM (SELECT 1) AS one WHERE NOT EXISTS (SELECT 1 FROM ll_usuarios WHERE usuario = ?)",
		u.ClienteID, u.Usuario, u.PasswordHash, u.Tipo, database.Time(r.now()), u.Usuario)
	switch {
	case r.db.IsDuplicate(err):
		return ErrUserExists
	case err != nil:
		return fmt.Errorf("add the user: %w", err)
	default:
		return want(result, ErrUserExists)
	}
}

// want returns otherwise where a statement has touched no row.
func want(result sql.Result, otherwise error) error {
	switch rows, err := result.RowsAffected(); {
	case err != nil:
		return fmt.Errorf("count the rows: %w", err)
	case rows == 0:
		return otherwise
	default:
		return nil
	}
}
