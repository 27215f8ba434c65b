package whatsappqr

import (
	"sync"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/database/databasetest"
)

// legacyTable is the table of before the hub's own, as the service that the hub replaces
// has made it.
const legacyTable = `CREATE TABLE ll_whatsapp_qr_sessions (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	cliente_id BIGINT UNSIGNED NOT NULL,
	enabled BOOLEAN NOT NULL DEFAULT true,
	enabled_by_admin_id BIGINT UNSIGNED NOT NULL,
	enabled_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	expires_at DATETIME NOT NULL,
	revoked_at DATETIME NULL DEFAULT NULL,
	created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	UNIQUE KEY uq_cliente_enabled (cliente_id, enabled),
	KEY idx_cliente_id (cliente_id), KEY idx_expires_at (expires_at),
	KEY idx_enabled (enabled), KEY idx_enabled_by_admin (enabled_by_admin_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`

func onLegacy(t *testing.T, f func(f *fixture)) {
	t.Parallel()
	db, err := database.Open(databasetest.Server(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	x := &fixture{T: t, db: db, now: noon}
	x.Repository = NewRepository(db, func() time.Time { return x.now })
	_, err = db.ExecContext(t.Context(), legacyTable)
	x.must(err)
	x.must(db.Migrate(t.Context()))
	f(x)
}

// life is what routes authorize for.
func (f *fixture) life() *time.Time { return at(f.now.Add(time.Hour)) }

func TestLegacyLife(t *testing.T) {
	onLegacy(t, func(f *fixture) {
		for range 3 {
			f.enable(51, f.life())
			f.authorized(51, true)
			f.now = f.now.Add(time.Minute)
			f.enable(51, f.life()) // while it is in force
			f.authorized(51, true)
			f.now = f.now.Add(time.Minute)
			if done := f.revokeNow(51); !done.Found {
				f.Errorf("got %+v", done)
			}
			f.authorized(51, false)
			f.now = f.now.Add(time.Minute)
		}
	})
}

// Of two rows the one that was authorized last counts, whatever the other says.
func TestLegacyTwoRows(t *testing.T) {
	until := at(noon.Add(24 * time.Hour))
	tests := map[string]struct {
		enabled, other time.Duration // when the enabled row was authorized, and when the other
		want           bool
	}{
		"the enabled one is newer": {2 * time.Hour, time.Hour, true},
		"the other one is newer":   {time.Hour, 2 * time.Hour, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onLegacy(t, func(f *fixture) {
				f.now = noon.Add(3 * time.Hour)
				f.row(51, 0, noon.Add(test.other), until, at(noon.Add(test.other)))
				f.row(51, 1, noon.Add(test.enabled), until, nil)
				f.authorized(51, test.want)
				if active, err := f.Active(f.Context()); err != nil || (len(active) == 1) != test.want {
					f.Errorf("active: %v, %v", active, err)
				}
				f.enable(51, f.life())
				f.authorized(51, true)
				f.now = f.now.Add(time.Minute)
				if done := f.revokeNow(51); !done.Found {
					f.Errorf("got %+v", done)
				}
				f.authorized(51, false)
				if n := f.inForce(51); n != 0 {
					f.Errorf("%d rows are still in force", n)
				}
				f.now = f.now.Add(time.Minute)
				f.enable(51, f.life())
				f.authorized(51, true)
			})
		})
	}
}

// inForce counts the rows of a customer that anybody could take for an authorization.
func (f *fixture) inForce(cliente int64) (n int) {
	f.Helper()
	f.must(f.db.QueryRowContext(f.Context(),
		"SELECT COUNT(*) FROM ll_whatsapp_qr_sessions WHERE cliente_id = ? AND enabled = 1 AND revoked_at IS NULL", cliente).Scan(&n))
	return n
}

// Statements of several administrators block each other there, and the server undoes
// some of them, which are made again.
func TestLegacyAtOnce(t *testing.T) {
	onLegacy(t, func(f *fixture) {
		var all sync.WaitGroup
		for admin := range int64(12) {
			all.Go(func() {
				for i := range int64(20) {
					customer, err := 51+i%5, error(nil)
					if (admin+i)%3 == 0 {
						_, err = f.RevokeClient(f.Context(), customer, &admin)
					} else {
						_, err = f.EnableClient(f.Context(), customer, admin, f.life())
					}
					if err != nil {
						f.Error(err)
					}
				}
			})
		}
		all.Wait()
		for customer := int64(51); customer < 56; customer++ {
			if n := f.inForce(customer); n > 1 {
				f.Errorf("%d rows of %d are in force", n, customer)
			}
			f.revokeNow(customer)
			f.authorized(customer, false)
		}
	})
}

// It insists on an end, which is an error and not an authorization.
func TestLegacyWithoutExpiry(t *testing.T) {
	onLegacy(t, func(f *fixture) {
		if _, err := f.EnableClient(f.Context(), 51, 7, nil); err == nil {
			f.Error("no error")
		}
		f.authorized(51, false)
	})
}
