package auth

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/database/databasetest"
)

// each runs test on an empty, migrated database.
func TestMain(m *testing.M) { databasetest.Main(m) }

func each(t *testing.T, test func(*testing.T, *database.DB)) {
	t.Helper()
	t.Parallel()
	databasetest.Each(t, test)
}

func open(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.Open(database.Config{Path: filepath.Join(t.TempDir(), "hub.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func exec(t *testing.T, db *database.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// insert adds u with its own ID and Activo.
func insert(t *testing.T, db *database.DB, u User) {
	t.Helper()
	exec(t, db, "INSERT INTO ll_usuarios (id, cliente_id, usuario, password_hash, tipo, activo) VALUES (?, ?, ?, ?, ?, ?)",
		u.ID, u.ClienteID, u.Usuario, u.PasswordHash, u.Tipo, u.Activo)
}

func TestByUsuario(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		// As in a table from before there was a unique key.
		if db.Embedded() {
			exec(t, db, "DROP INDEX uq_usuario")
		} else {
			exec(t, db, "DROP INDEX uq_usuario ON ll_usuarios")
			exec(t, db, "ALTER TABLE ll_usuarios CONVERT TO CHARACTER SET latin1")
		}
		want := User{5, 51, "ana", "hash", "cliente", 1}
		insert(t, db, User{9, 52, "ana", "later", "admin", 1})
		insert(t, db, want)
		insert(t, db, User{2, 53, "ana", "disabled", "admin", 0})
		insert(t, db, User{3, 54, "eva", "disabled", "admin", 0})
		r := NewRepository(db, time.Now)
		if got, err := r.ByUsuario(t.Context(), "ana"); got != want || err != nil {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
		for _, name := range []string{"eva", "nadie", "", "' OR 1=1 -- ", "an_", "%", "ana\x00x", "日本", "😀"} {
			if got, err := r.ByUsuario(t.Context(), name); got != (User{}) || !errors.Is(err, ErrNoUser) {
				t.Errorf("%q: %v, %v", name, got, err)
			}
		}
		if err := r.Create(t.Context(), User{Usuario: "ana"}); !errors.Is(err, ErrUserExists) {
			t.Errorf("created one more without a key to forbid it: %v", err)
		}
	})
}

// What the comment on Repository says.
func TestSameName(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		insert(t, db, User{5, 51, "ana", "hash", "cliente", 1})
		r := NewRepository(db, time.Now)
		for _, name := range []string{"ANA", "ana ", "áná"} {
			_, err := r.ByUsuario(t.Context(), name)
			if same := err == nil; same == db.Embedded() {
				t.Errorf("%q: %v", name, err)
			}
		}
	})
}

func TestByID(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		want := User{5, 51, "ana", "hash", "cliente", 0}
		insert(t, db, want)
		r := NewRepository(db, time.Now)
		if got, err := r.ByID(t.Context(), 5); got != want || err != nil {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
		if got, err := r.ByID(t.Context(), 6); got != (User{}) || !errors.Is(err, ErrNoUser) {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestSetPassword(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		ana, eva := User{5, 51, "ana", "hash", "cliente", 1}, User{6, 51, "eva", "hers", "cliente", 1}
		insert(t, db, ana)
		insert(t, db, eva)
		r := NewRepository(db, time.Now)
		// The second time changes nothing and is no error.
		for range 2 {
			if err := r.SetPassword(t.Context(), 5, "new"); err != nil {
				t.Error(err)
			}
		}
		if err := r.SetPassword(t.Context(), 7, "new"); !errors.Is(err, ErrNoUser) {
			t.Errorf("nobody's password: %v", err)
		}
		ana.PasswordHash = "new"
		for _, want := range []User{ana, eva} {
			if got, err := r.ByID(t.Context(), want.ID); got != want || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
		}
	})
}

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		r := NewRepository(db, fixed(start.Add(999*time.Millisecond).In(time.FixedZone("", -3*3600))))
		u := User{ClienteID: 1, Usuario: "o'ana 日本", PasswordHash: "hash", Tipo: Admin, Activo: 1}
		if err := r.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		got, err := r.ByUsuario(t.Context(), u.Usuario)
		if u.ID = got.ID; got != u || err != nil || got.ID <= 0 {
			t.Errorf("got %v, %v; want %v", got, err, u)
		}
		var created time.Time
		if err := db.QueryRowContext(t.Context(), "SELECT created_at FROM ll_usuarios").Scan(&created); err != nil || !created.Equal(start) {
			t.Errorf("created at %s, %v", created, err)
		}
		if err := r.Create(t.Context(), u); !errors.Is(err, ErrUserExists) {
			t.Errorf("created twice: %v", err)
		}
		exec(t, db, "UPDATE ll_usuarios SET activo = 0")
		if err := r.Create(t.Context(), u); !errors.Is(err, ErrUserExists) {
			t.Errorf("created beside one who may not log in: %v", err)
		}
	})
}

func TestNoDatabase(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		exec(t, db, "DROP TABLE ll_usuarios")
		r := NewRepository(db, time.Now)
		_, byName := r.ByUsuario(t.Context(), "ana")
		_, byID := r.ByID(t.Context(), 5)
		for name, err := range map[string]error{
			"by usuario": byName, "by id": byID,
			"set": r.SetPassword(t.Context(), 5, "new"), "create": r.Create(t.Context(), User{Usuario: "ana"}),
		} {
			if err == nil || errors.Is(err, ErrNoUser) || errors.Is(err, ErrUserExists) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
