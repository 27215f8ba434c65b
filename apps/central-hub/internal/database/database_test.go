package database_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/database/databasetest"
)

func TestMain(m *testing.M) { databasetest.Main(m) }

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// The file and its folder are for their owner alone, whatever they are called.
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hub.db", "a b", "100%", "what?", "no#1", "a&b=c", "ñandú.db", "file:x"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "data", name)
			db := databasetest.Open(t, database.Config{Path: path})
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if file, folder := mode(t, path), mode(t, filepath.Dir(path)); file != 0o600 || folder != 0o700 {
				t.Errorf("file %o, folder %o", file, folder)
			}
			if mode(t, path+"-wal") != 0o600 {
				t.Error("the write-ahead log is for others too")
			}
			if !db.Embedded() || db.Host() != "embedded" {
				t.Errorf("host %q", db.Host())
			}
		})
	}
}

func TestFilesThatCannotBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"plain": "x", "none": strings.Repeat("this is no database. ", 100)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "plain", "hub.db"): "not a directory",
		dir:                                   "is a directory",
		filepath.Join(dir, "none"):            "is not a database of SQLite",
	} {
		db, err := database.Open(database.Config{Path: path})
		if err == nil {
			err = db.Migrate(t.Context())
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", path, err, want)
		}
	}
}

func TestEveryConnectionIsSet(t *testing.T) {
	t.Parallel()
	db := databasetest.Open(t, databasetest.File(t))
	for range 4 { // all that the pool may have, at once
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for pragma, want := range map[string]string{"journal_mode": "wal", "busy_timeout": "5000", "synchronous": "2", "foreign_keys": "1"} {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
			}
		}
	}
}

// configs are one database of each kind.
func configs(t *testing.T, f func(*testing.T, database.Config)) {
	t.Parallel()
	for name, config := range map[string]func(*testing.T) database.Config{"SQLite": databasetest.File, "MariaDB": databasetest.Server} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, config(t))
		})
	}
}

// Instances that start at once, each with a pool of its own.
func TestMigrateAtOnce(t *testing.T) {
	configs(t, func(t *testing.T, cfg database.Config) {
		var all sync.WaitGroup
		for range 6 {
			db := databasetest.Open(t, cfg)
			all.Go(func() {
				if err := db.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
				if err := db.Migrate(t.Context()); err != nil {
					t.Errorf("the second time: %v", err)
				}
				select {
				case <-db.Migrated():
				default:
					t.Error("nobody is told")
				}
			})
		}
		all.Wait()
		use(t, databasetest.Open(t, cfg))
	})
}

// Of instances that start at once one migrates: made twice, or by two, this would fail.
func TestMigrateOnce(t *testing.T) {
	configs(t, func(t *testing.T, cfg database.Config) {
		next := database.Migrations(t, cfg)
		next["0999_once.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE once (id INTEGER PRIMARY KEY);\nALTER TABLE ll_usuarios ADD COLUMN once INTEGER;\n")}
		var all sync.WaitGroup
		for range 6 {
			db := databasetest.Open(t, cfg)
			all.Go(func() {
				if err := db.MigrateFrom(t.Context(), next); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		use(t, databasetest.Open(t, cfg))
	})
}

// Callers of one pool that migrate at once.
func TestMigrateOnOnePool(t *testing.T) {
	configs(t, func(t *testing.T, cfg database.Config) {
		db := databasetest.Open(t, cfg)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if err := db.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		<-db.Migrated()
	})
}

// use does what this release's repositories do.
func use(t *testing.T, db *database.DB) {
	t.Helper()
	insert := "INSERT INTO ll_whatsapp_qr_sessions (cliente_id, enabled, enabled_by_admin_id, enabled_at, expires_at) VALUES (?, 1, ?, ?, ?) " +
		db.OnConflict("cliente_id", "enabled_by_admin_id", "expires_at")
	now := time.Date(2026, 1, 5, 10, 0, 0, 500, time.FixedZone("-03", -3*3600))
	for admin := range 2 {
		if _, err := db.ExecContext(t.Context(), insert, 51, admin+1, database.Time(now), database.NullTime(nil)); err != nil {
			t.Fatal(err)
		}
	}
	var admin int64
	var enabled time.Time
	var expires *time.Time
	err := db.QueryRowContext(t.Context(), "SELECT enabled_by_admin_id, enabled_at, expires_at FROM ll_whatsapp_qr_sessions").Scan(&admin, &enabled, &expires)
	if err != nil || admin != 2 || !enabled.Equal(now.Truncate(time.Second)) || enabled.Location() != time.UTC || expires != nil {
		t.Errorf("got %d, %v, %v, %v", admin, enabled, expires, err)
	}
	_, err = db.ExecContext(t.Context(), "INSERT INTO ll_whatsapp_qr_sessions (cliente_id, enabled_by_admin_id) VALUES (51, 1)")
	if !db.IsDuplicate(err) {
		t.Errorf("a second row of a customer: %v", err)
	}
	if db.IsDuplicate(nil) || db.IsDuplicate(errors.New("another")) {
		t.Error("it takes any error for a duplicate")
	}
	// A row that is found counts, also when nothing changes.
	result, err := db.ExecContext(t.Context(), "UPDATE ll_whatsapp_qr_sessions SET enabled_by_admin_id = 2 WHERE cliente_id = 51")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO ll_usuarios (cliente_id, usuario, password_hash) VALUES (1, 'a', 'b')"); err != nil {
		t.Error(err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// A release that is rolled back finds the schema of the next one, leaves it alone and
// works on it.
func TestPreviousReleaseOnNewerSchema(t *testing.T) {
	configs(t, func(t *testing.T, cfg database.Config) {
		next := database.Migrations(t, cfg)
		next["0999_later.sql"] = &fstest.MapFile{Data: []byte(
			"-- +goose Up\nALTER TABLE ll_whatsapp_qr_sessions ADD COLUMN note VARCHAR(50) NOT NULL DEFAULT 'later';\nCREATE TABLE later (id INTEGER PRIMARY KEY);\n")}
		if err := databasetest.Open(t, cfg).MigrateFrom(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		db := databasetest.Open(t, cfg)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		use(t, db)
		var note string
		if err := db.QueryRowContext(t.Context(), "SELECT note FROM ll_whatsapp_qr_sessions").Scan(&note); err != nil || note != "later" {
			t.Errorf("what is the next release's: %q, %v", note, err)
		}
	})
}

// A hub that was killed just after it had made the table of versions.
func TestKilledBeforeTheFirstVersion(t *testing.T) {
	configs(t, func(t *testing.T, cfg database.Config) {
		db := databasetest.Open(t, cfg)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "DELETE FROM central_hub_migrations"); err != nil {
			t.Fatal(err)
		}
		if err := databasetest.Open(t, cfg).Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		use(t, db)
	})
}

// A migration that failed in the middle is made by the next start.
func TestBrokenMigration(t *testing.T) {
	configs(t, func(t *testing.T, cfg database.Config) {
		broken := database.Migrations(t, cfg)
		broken["0999_broken.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nSELECT * FROM nowhere;\n")}
		db := databasetest.Open(t, cfg)
		if err := db.MigrateFrom(t.Context(), broken); err == nil {
			t.Fatal("no error")
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		use(t, db)
	})
}

// A server may be down when the hub starts, and come later.
func TestConnect(t *testing.T) {
	t.Parallel()
	cfg := databasetest.Server(t)
	proxy := databasetest.NewProxy(t, cfg)
	db := databasetest.Open(t, proxy.Config)
	if db.Embedded() || db.Host() != "127.0.0.1" {
		t.Errorf("host %q", db.Host())
	}
	reports := make(chan error, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		db.Connect(t.Context(), func(err error) { reports <- err })
	}()
	if err := <-reports; err == nil || database.Reason(err) != "ECONNREFUSED" {
		t.Errorf("while it is down: %v (%s)", err, database.Reason(err))
	}
	proxy.Up(t)
	for err := range reports {
		if err == nil {
			break
		}
	}
	<-done
	<-db.Migrated()
	use(t, db)
}

func TestConnectEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	db := databasetest.Open(t, database.Config{Host: "127.0.0.1", Port: 1, Name: "x"})
	reports := 0
	db.Connect(ctx, func(error) {
		reports++
		cancel()
	})
	if reports != 1 {
		t.Errorf("%d reports", reports)
	}
}

// silent accepts connections and says nothing.
func silent(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func TestReason(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config func(*testing.T) database.Config
		query  string
		want   string
	}{
		"nobody listens": {func(*testing.T) database.Config { return database.Config{Host: "127.0.0.1", Port: 1, Name: "x"} }, "SELECT 1", "ECONNREFUSED"},
		"no such host": {func(*testing.T) database.Config {
			return database.Config{Host: "no.such.host.invalid", Port: 1, Name: "x"}
		}, "SELECT 1", "ENOTFOUND"},
		"it says nothing": {func(t *testing.T) database.Config {
			return database.Config{Host: "127.0.0.1", Port: silent(t), Name: "x"}
		}, "SELECT 1", "ETIMEDOUT"},
		"wrong password":   {func(t *testing.T) database.Config { c := databasetest.Server(t); c.Password = "x"; return c }, "SELECT 1", "ER_ACCESS_DENIED_ERROR"},
		"no such database": {func(t *testing.T) database.Config { c := databasetest.Server(t); c.Name += "x"; return c }, "SELECT 1", "ER_BAD_DB_ERROR"},
		"no such table":    {databasetest.Server, "SELECT 1 FROM ll_usuarios", "ER_NO_SUCH_TABLE"},
		"wrong SQL":        {databasetest.Server, "SELEKT", "DATABASE_ERROR"},
		"SQLite":           {databasetest.File, "SELECT 1 FROM ll_usuarios", "DATABASE_ERROR"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := databasetest.Open(t, test.config(t))
			limit := 5 * time.Second
			if test.want == "ETIMEDOUT" {
				limit = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := db.ExecContext(ctx, test.query)
			if err == nil || database.Reason(err) != test.want {
				t.Errorf("%v is %s, want %s", err, database.Reason(err), test.want)
			}
		})
	}
}

// A database that answers and is of no use is none: the hub's tables are gone, or were
// never made.
func TestPingWantsTheTables(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "DROP TABLE ll_usuarios"); err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(t.Context()); err == nil {
			t.Error("no error without the tables")
		}
	})
}

// An instance that waits for another one gives up in time to say so.
func TestMigrateWhileAnotherHangs(t *testing.T) {
	t.Parallel()
	cfg := databasetest.File(t)
	db := databasetest.Open(t, cfg)
	folder, err := os.Open(filepath.Dir(cfg.Path))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := db.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "another instance holds it") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}
