package database

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// migrations has a folder for each dialect. A release may add tables, indexes and
// columns with a default and change nothing else, so that the one before runs on its
// schema too.
//
//go:embed migrations
var migrations embed.FS

// lockPatience is how long an instance waits for another one that migrates. It is less
// than the drivers wait for an answer.
const lockPatience = 8 * time.Second

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
		return fmt.Errorf("migrate %s: %w", d.title, err)
	}
	d.once.Do(func() { close(d.migrated) })
	return nil
}

// migrate holds the lock itself. Goose would look for its table before it takes one, and
// on a server find it half made by another instance.
func (d *DB) migrate(ctx context.Context, folder fs.FS) (err error) {
	provider, err := goose.NewProvider(d.gooseDialect(), d.DB, folder, goose.WithTableName(versions), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	// Each has two connections, of which there are few.
	d.migrating.Lock()
	defer d.migrating.Unlock()
	conn, err := d.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	unlock, err := d.dialect.lock(ctx, conn)
	if err != nil {
		return err
	}
	defer func() {
		if failed := unlock(context.WithoutCancel(ctx)); err == nil {
			err = failed
		}
	}()
	if err := dropUnfinished(ctx, conn); err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// dropUnfinished drops a table of versions without its first row. MySQL does not undo a
// CREATE TABLE when the hub is killed before the INSERT, and goose would never add it.
func dropUnfinished(ctx context.Context, conn *sql.Conn) error {
	var rows int
	err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+versions).Scan(&rows)
	if err != nil || rows > 0 {
		return nil // Not there yet, or complete. What else is wrong goose finds too.
	}
	_, err = conn.ExecContext(ctx, "DROP TABLE "+versions)
	return err
}

func (d *DB) gooseDialect() goose.Dialect {
	if d.Embedded() {
		return goose.DialectSQLite3
	}
	return goose.DialectMySQL
}
