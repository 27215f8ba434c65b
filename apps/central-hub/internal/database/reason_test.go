package database_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/database/databasetest"
)

func TestReasonOfErrors(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for want, errs := range map[string][]error{
		"ETIMEDOUT": {
			context.DeadlineExceeded, os.ErrDeadlineExceeded, dial(os.ErrDeadlineExceeded), dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)),
			dial(&net.DNSError{Err: "i/o timeout", Name: "db.secret", IsTimeout: true}),
		},
		"ECANCELED":    {context.Canceled},
		"ECONNREFUSED": {dial(os.NewSyscallError("connect", syscall.ECONNREFUSED))},
		"EHOSTUNREACH": {dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH))},
		"ENOTFOUND":    {dial(&net.DNSError{Err: "no such host", Name: "db.secret", IsNotFound: true})},
		"ECONNRESET":   {mysql.ErrInvalidConn, driver.ErrBadConn, dial(os.NewSyscallError("read", syscall.ECONNRESET))},
		"DATABASE_ERROR": {
			io.ErrUnexpectedEOF, errors.New("Access denied for 'hub'@'10.0.0.1' using hunter2"), &mysql.MySQLError{Number: 9999, Message: "hunter2"},
		},
		"ER_CON_COUNT_ERROR":          {&mysql.MySQLError{Number: 1040}},
		"ER_DBACCESS_DENIED_ERROR":    {&mysql.MySQLError{Number: 1044}},
		"ER_ACCESS_DENIED_ERROR":      {&mysql.MySQLError{Number: 1045, Message: "Access denied for user 'hub'@'10.0.0.1'"}},
		"ER_BAD_DB_ERROR":             {&mysql.MySQLError{Number: 1049}},
		"ER_BAD_FIELD_ERROR":          {&mysql.MySQLError{Number: 1054}},
		"ER_TABLEACCESS_DENIED_ERROR": {&mysql.MySQLError{Number: 1142}},
		"ER_NO_SUCH_TABLE":            {&mysql.MySQLError{Number: 1146}},
		"ER_LOCK_WAIT_TIMEOUT":        {&mysql.MySQLError{Number: 1205}},
		"ER_LOCK_DEADLOCK":            {&mysql.MySQLError{Number: 1213}},
	} {
		for _, err := range errs {
			if got := database.Reason(fmt.Errorf("wrapped: %w", err)); got != want {
				t.Errorf("%v is %s, want %s", err, got, want)
			}
		}
	}
}

// What is wrong with a SQLite file has SQLite's name for it.
func TestReasonOfSQLite(t *testing.T) {
	t.Parallel()
	for want, damage := range map[string]func(db *database.DB, path string) error{
		"SQLITE_BUSY": func(db *database.DB, _ string) error {
			// Another program writes, for longer than the five seconds of patience.
			other, err := db.Conn(t.Context())
			if err != nil {
				return err
			}
			defer other.Close()
			return errors.Join(exec(other.ExecContext(t.Context(), "BEGIN IMMEDIATE")), exec(db.ExecContext(t.Context(), "PRAGMA busy_timeout=1; DELETE FROM ll_usuarios")))
		},
		"SQLITE_READONLY": func(db *database.DB, _ string) error {
			return exec(db.ExecContext(t.Context(), "PRAGMA query_only=ON; DELETE FROM ll_usuarios"))
		},
		"SQLITE_FULL": func(db *database.DB, _ string) error {
			return exec(db.ExecContext(t.Context(), "PRAGMA max_page_count=1; CREATE TABLE large AS SELECT zeroblob(1000000)"))
		},
		"SQLITE_CANTOPEN": func(db *database.DB, path string) error {
			return errors.Join(db.Close(), os.RemoveAll(filepath.Dir(path)), reopened(t, path, func() error { return os.RemoveAll(filepath.Dir(path)) }))
		},
		"SQLITE_NOTADB": func(db *database.DB, path string) error {
			return errors.Join(db.Close(), reopened(t, path, func() error { return os.WriteFile(path, make([]byte, 8192), 0o600) }))
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			cfg := databasetest.File(t)
			db := databasetest.Open(t, cfg)
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			err := damage(db, cfg.Path)
			if err == nil || database.Reason(err) != want {
				t.Errorf("%v is %s", err, database.Reason(err))
			}
		})
	}
}

func exec(_ any, err error) error { return err }

// reopened asks a database that is damaged between Open and the first question.
func reopened(t *testing.T, path string, damage func() error) error {
	db := databasetest.Open(t, database.Config{Path: path})
	if err := damage(); err != nil {
		return err
	}
	return db.Ping(t.Context())
}

// A server that goes away in the middle of a query.
func TestReasonOfCutConnection(t *testing.T) {
	t.Parallel()
	cfg := databasetest.Server(t)
	proxy := databasetest.NewProxy(t, cfg)
	proxy.Up(t)
	db := databasetest.Open(t, proxy.Config)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	lock := "GET_LOCK('cut', 0)"
	holder, err := databasetest.Open(t, cfg).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if _, err := holder.ExecContext(t.Context(), "SELECT "+lock); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := db.ExecContext(t.Context(), "SELECT GET_LOCK('cut', 9)")
		done <- err
	}()
	awaitQuery(t, databasetest.Open(t, cfg))
	proxy.Down()
	if err := <-done; database.Reason(err) != "ECONNRESET" {
		t.Errorf("%v is %s", err, database.Reason(err))
	}
	if err := db.Ping(t.Context()); database.Reason(err) != "ECONNREFUSED" {
		t.Errorf("then %v is %s", err, database.Reason(err))
	}
	proxy.Up(t)
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

// awaitQuery returns once somebody waits for the lock.
func awaitQuery(t *testing.T, db *database.DB) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for waiting := 0; waiting == 0; <-again.C {
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User lock'").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
}
