package database

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrations has a folder for each dialect. A release may add tables, indexes and
// columns with a default and change nothing else, so that the one before runs on its
// schema too.
//
//go:embed migrations
var migrations embed.FS

// versions is the table that tells which migrations were made.
const versions = "central_hub_migrations"

// Migrate brings the schema up to date. Of several instances that start at once one
// does it and the others wait. A schema of a later release is left as it is.
func (d *DB) Migrate(ctx context.Context) error {
	folder, err := fs.Sub(migrations, "migrations/"+d.dialect.name())
	if err != nil {
		return err
	}
	if err := d.migrate(ctx, folder); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	select {
	case <-d.migrated:
	default:
		close(d.migrated)
	}
	return nil
}

func (d *DB) migrate(ctx context.Context, folder fs.FS) error {
	provider, err := goose.NewProvider(d.gooseDialect(), d.DB, folder,
		goose.WithTableName(versions), goose.WithSessionLocker(&locker{dialect: d.dialect}), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

func (d *DB) gooseDialect() goose.Dialect {
	if d.Embedded() {
		return goose.DialectSQLite3
	}
	return goose.DialectMySQL
}

// locker is a dialect's lock in the shape that goose asks for.
type locker struct {
	dialect dialect
	unlock  func(context.Context) error
}

func (l *locker) SessionLock(ctx context.Context, conn *sql.Conn) (err error) {
	l.unlock, err = l.dialect.lock(ctx, conn)
	return err
}

func (l *locker) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	if l.unlock == nil {
		return errors.New("unlocked without a lock")
	}
	return l.unlock(ctx)
}
