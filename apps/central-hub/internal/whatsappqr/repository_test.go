package whatsappqr

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/database/databasetest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

// fixture is a repository on one of the databases, with a clock that the test moves.
type fixture struct {
	*testing.T
	*Repository
	db  *database.DB
	now time.Time
}

// onEach runs f on each database. The clock begins within a second, which databases
// don't keep.
func onEach(t *testing.T, f func(f *fixture)) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		x := &fixture{T: t, db: db, now: noon.Add(700 * time.Millisecond)}
		x.Repository = NewRepository(db, func() time.Time { return x.now })
		f(x)
	})
}

// row inserts one as another program may have left it.
func (f *fixture) row(cliente int64, enabled int, enabledAt time.Time, expires, revoked *time.Time) {
	f.Helper()
	_, err := f.db.ExecContext(f.Context(), "INSERT INTO ll_whatsapp_qr_sessions"+
		" (cliente_id, enabled, enabled_by_admin_id, enabled_at, expires_at, revoked_at) VALUES (?, ?, 7, ?, ?, ?)",
		cliente, enabled, database.Time(enabledAt), database.NullTime(expires), database.NullTime(revoked))
	f.must(err)
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) rows() (n int) {
	f.Helper()
	f.must(f.db.QueryRowContext(f.Context(), "SELECT COUNT(*) FROM ll_whatsapp_qr_sessions").Scan(&n))
	return n
}

func (f *fixture) authorized(cliente int64, want bool) {
	f.Helper()
	got, err := f.IsClientAuthorized(f.Context(), cliente)
	if err != nil || got != want {
		f.Errorf("customer %d at %v: %v, %v; want %v", cliente, f.now, got, err, want)
	}
}

func (f *fixture) enable(cliente int64, until *time.Time) Enabled {
	f.Helper()
	done, err := f.EnableClient(f.Context(), cliente, 7, until)
	f.must(err)
	return done
}

func (f *fixture) revokeNow(cliente int64) Revoked {
	f.Helper()
	admin := int64(7)
	done, err := f.RevokeClient(f.Context(), cliente, &admin)
	f.must(err)
	return done
}

func (f *fixture) get(cliente int64) Authorization {
	f.Helper()
	a, err := f.Authorization(f.Context(), cliente)
	f.must(err)
	if a == nil {
		f.Fatalf("customer %d has no row", cliente)
	}
	return *a
}

func at(t time.Time) *time.Time { return &t }

func same(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func TestR1EnabledWithoutExpiry(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.row(51, 1, noon, nil, nil)
		f.authorized(51, true)
		f.authorized(52, false) // the query is bound to the customer
	})
}

func TestR2NotEnabled(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.row(51, 0, noon, nil, nil)
		f.authorized(51, false)
	})
}

// Any number but 1 is none, and no error that hides the others.
func TestEnabledIsExactlyOne(t *testing.T) {
	onEach(t, func(f *fixture) {
		for i, enabled := range []int{-1, 2, 3} {
			id := int64(51 + i)
			f.row(id, enabled, noon, nil, nil)
			f.authorized(id, false)
		}
		f.enable(60, nil)
		if active, err := f.Active(f.Context()); err != nil || len(active) != 1 || active[0].ClienteID != 60 {
			f.Errorf("active: %v, %v", active, err)
		}
	})
}

func TestR3EnabledButRevoked(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.row(51, 1, noon, nil, at(noon))
		f.authorized(51, false)
	})
}

func TestR4Expired(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.row(51, 1, noon.Add(-time.Hour), at(noon.Add(-time.Minute)), nil)
		f.authorized(51, false)
	})
}

func TestR5ExpiresIn30Days(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.row(51, 1, noon, at(noon.AddDate(0, 0, 30)), nil)
		f.authorized(51, true)
	})
}

func TestR6NoRow(t *testing.T) {
	onEach(t, func(f *fixture) { f.authorized(51, false) })
}

func TestR7EnableUnknown(t *testing.T) {
	onEach(t, func(f *fixture) {
		done := f.enable(51, nil)
		if done.ClienteID != 51 || !done.EnabledAt.Equal(noon) || done.ExpiresAt != nil {
			f.Errorf("got %+v", done)
		}
		if a := f.get(51); !a.CreatedAt.Equal(noon) || a.ExpiresAt != nil || f.rows() != 1 {
			f.Errorf("the row is %+v, of %d", a, f.rows())
		}
		f.authorized(51, true)
	})
}

func TestR8EnableExisting(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.enable(51, nil)
		f.revokeNow(51)
		id := f.get(51).ID
		f.now = noon.Add(time.Hour)
		until := noon.Add(2*time.Hour + 300*time.Millisecond)
		done, err := f.EnableClient(f.Context(), 51, 8, &until)
		f.must(err)
		if want := noon.Add(2 * time.Hour); !same(done.ExpiresAt, &want) || !done.EnabledAt.Equal(f.now) {
			f.Errorf("got %+v", done)
		}
		a := f.get(51)
		if a.ID != id || !a.Enabled || a.EnabledByAdminID != 8 || a.RevokedAt != nil || !a.EnabledAt.Equal(f.now) ||
			!same(a.ExpiresAt, done.ExpiresAt) || !a.CreatedAt.Equal(noon) || f.rows() != 1 {
			f.Errorf("the row is %+v, of %d", a, f.rows())
		}
	})
}

func TestR9RevokeExisting(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.enable(51, nil)
		f.enable(52, nil)
		for range 2 { // the second time moves the instant
			f.now = f.now.Add(time.Minute)
			done := f.revokeNow(51)
			now := f.now.Truncate(time.Second)
			if done.ClienteID != 51 || !done.Found || !done.RevokedAt.Equal(now) {
				f.Errorf("got %+v", done)
			}
			if a := f.get(51); a.Enabled || !same(a.RevokedAt, &now) {
				f.Errorf("the row is %+v", a)
			}
		}
		f.authorized(51, false)
		f.authorized(52, true)
	})
}

func TestR10RevokeUnknown(t *testing.T) {
	onEach(t, func(f *fixture) {
		if done := f.revokeNow(51); done != (Revoked{ClienteID: 51}) {
			f.Errorf("got %+v", done)
		}
	})
}

func TestR11ReadExisting(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.enable(50, nil)
		f.row(51, 1, noon, at(noon.Add(time.Hour)), at(noon.Add(time.Minute)))
		a := f.get(51)
		if a.ID == 0 || a.ClienteID != 51 || !a.Enabled || a.EnabledByAdminID != 7 || !a.EnabledAt.Equal(noon) ||
			!same(a.ExpiresAt, at(noon.Add(time.Hour))) || !same(a.RevokedAt, at(noon.Add(time.Minute))) || a.CreatedAt.IsZero() {
			f.Errorf("got %+v", a)
		}
	})
}

func TestR12ReadUnknown(t *testing.T) {
	onEach(t, func(f *fixture) {
		if a, err := f.Authorization(f.Context(), 51); a != nil || err != nil {
			f.Errorf("got %+v, %v", a, err)
		}
	})
}

func TestExactInstantOfExpiry(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.enable(51, at(noon.Add(time.Hour)))
		f.now = noon.Add(time.Hour)
		f.authorized(51, true)
		f.now = f.now.Add(time.Millisecond)
		f.authorized(51, false)
	})
}

func TestErrorsPropagate(t *testing.T) {
	onEach(t, func(f *fixture) {
		ctx, cancel := context.WithCancel(f.Context())
		cancel()
		_, err := f.IsClientAuthorized(ctx, 51)
		_, enabling := f.EnableClient(ctx, 51, 7, nil)
		_, revoking := f.RevokeClient(ctx, 51, nil)
		_, reading := f.Authorization(ctx, 51)
		_, active := f.Active(ctx)
		_, latest := f.Latest(ctx)
		for i, err := range []error{err, enabling, revoking, reading, active, latest} {
			if err == nil {
				f.Errorf("%d: no error", i)
			}
		}
		if n := f.rows(); n != 0 {
			f.Errorf("%d rows", n)
		}
	})
}

// Instants come back as they were written, whatever zone they were given in.
func TestInstantsAreUTC(t *testing.T) {
	onEach(t, func(f *fixture) {
		zone := time.FixedZone("-03", -3*3600)
		f.now = f.now.In(zone)
		until := noon.Add(time.Hour + 999*time.Millisecond).In(zone)
		done := f.enable(51, &until)
		revoked := f.revokeNow(51)
		a := f.get(51)
		for i, pair := range [][2]time.Time{
			{done.EnabledAt, noon}, {*done.ExpiresAt, noon.Add(time.Hour)}, {revoked.RevokedAt, noon},
			{a.EnabledAt, noon}, {*a.ExpiresAt, noon.Add(time.Hour)}, {*a.RevokedAt, noon}, {a.CreatedAt, noon},
		} {
			if pair[0] != pair[1] { // with its zone
				f.Errorf("%d: got %v, want %v", i, pair[0], pair[1])
			}
		}
		if !until.Equal(noon.Add(time.Hour + 999*time.Millisecond)) {
			f.Error("the caller's expiry has changed")
		}
	})
}

// An expiry that no column holds changes nothing.
func TestExpiryBeyondTheCalendar(t *testing.T) {
	onEach(t, func(f *fixture) {
		west := time.FixedZone("-03", -3*3600)
		if _, err := f.EnableClient(f.Context(), 51, 7, at(time.Date(9999, 12, 31, 22, 0, 0, 0, west))); err == nil {
			f.Error("no error")
		}
		f.authorized(51, false)
		f.enable(52, at(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)))
		f.authorized(52, true)
	})
}

// Two administrators at once leave one row.
func TestEnableAtOnce(t *testing.T) {
	onEach(t, func(f *fixture) {
		var all sync.WaitGroup
		for admin := range int64(8) {
			all.Go(func() {
				if _, err := f.EnableClient(f.Context(), 51, admin+1, nil); err != nil {
					f.Error(err)
				}
			})
		}
		all.Wait()
		if n := f.rows(); n != 1 {
			f.Errorf("%d rows", n)
		}
	})
}

func TestActive(t *testing.T) {
	onEach(t, func(f *fixture) {
		f.enable(51, nil)
		f.enable(52, at(noon.Add(2*time.Hour)))
		f.enable(53, at(noon.Add(time.Hour)))
		f.enable(54, at(noon.Add(time.Minute)))
		f.enable(55, nil)
		f.revokeNow(55)
		f.now = noon.Add(30 * time.Minute)
		active, err := f.Active(f.Context())
		f.must(err)
		var order []int64
		for _, a := range active {
			order = append(order, a.ClienteID)
		}
		if len(order) != 3 || order[0] != 53 || order[1] != 52 || order[2] != 51 {
			f.Errorf("got %v, want 53 52 51", order)
		}
		if all, err := f.Latest(f.Context()); err != nil || len(all) != 5 {
			f.Errorf("got %d customers, %v", len(all), err)
		}
	})
}
