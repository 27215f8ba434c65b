// Package database opens the hub's database, SQLite or MySQL, brings its schema up to
// date, and hides from repositories where the two differ.
package database

import (
	"cmp"
	"context"
	"database/sql"
	"sync"
	"time"
)

// Config says which database. Without a Host it is the SQLite file at Path.
type Config struct {
	// Path is that of the SQLite file. It and its folder are made where they are
	// missing, for their owner alone.
	Path string
	// Host, Port, User, Password and Name are those of a MySQL or MariaDB server.
	Host     string
	Port     int
	User     string
	Password string
	Name     string
}

// DB is a pool of connections to one database, safe for concurrent use.
type DB struct {
	*sql.DB
	dialect dialect
	host    string
	// title names it in errors.
	title string
	// migrated is closed, once, when the schema is up to date.
	migrated chan struct{}
	once     sync.Once
	// migrating is held by the one caller who migrates.
	migrating sync.Mutex
}

// Open returns the database that cfg names. Of a SQLite file it finds out that it is
// one and may be written; a MySQL server is called by the first query, so that the hub
// starts without it.
func Open(cfg Config) (*DB, error) {
	dialect := dialectOf(cfg)
	pool, err := dialect.open(cfg)
	if err != nil {
		return nil, err
	}
	return &DB{
		DB: pool, dialect: dialect, host: cmp.Or(cfg.Host, "embedded"), title: dialect.title(cfg), migrated: make(chan struct{}),
	}, nil
}

func dialectOf(cfg Config) dialect {
	if cfg.Host == "" {
		return sqlite{}
	}
	return mysqlServer{}
}

// Embedded tells whether the database is a file of the hub's own, which is to be there
// before the hub listens, and not a server that comes and goes.
func (d *DB) Embedded() bool { return d.dialect == sqlite{} }

// Host names the server, "embedded" where there is none.
func (d *DB) Host() string { return d.host }

// Ping makes the database answer one trivial question, about a table of the hub's: an
// answer that reads nothing would come from a damaged file, or an empty database, too.
func (d *DB) Ping(ctx context.Context) error {
	var rows int
	return d.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT id FROM ll_usuarios LIMIT 1) AS first").Scan(&rows)
}

// Migrated returns a channel that is closed once the schema is up to date.
func (d *DB) Migrated() <-chan struct{} { return d.migrated }

// The pause between two tries to reach a server.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Connect migrates the database, and tries again until it has succeeded or ctx ends.
// It calls report with the error of each try that failed, and with nil at last.
func (d *DB) Connect(ctx context.Context, report func(error)) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := d.Migrate(ctx)
		if ctx.Err() != nil {
			return
		}
		report(err)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// tries is how often a statement is made that loses against others.
const tries = 20

// ExecContext makes a statement as sql.DB does, and makes it again where the server has
// undone it in favour of another one (a deadlock): on its own it has left nothing behind.
func (d *DB) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	for range tries {
		result, err = d.DB.ExecContext(ctx, query, args...)
		if !d.dialect.isDeadlock(err) {
			break
		}
	}
	return result, err
}

// OnConflict returns the end of an INSERT that turns it into an update of the given
// columns where a row with the same key is there.
func (d *DB) OnConflict(key string, columns ...string) string {
	return d.dialect.onConflict(key, columns)
}

// IsDuplicate tells whether err says that a row would have had the key of another one.
func (d *DB) IsDuplicate(err error) bool { return d.dialect.isDuplicate(err) }

// IsForeignText tells whether err says that a column was compared with a text that its
// character set does not hold, so that no row can be equal. Old tables are in latin1.
func (d *DB) IsForeignText(err error) bool { return d.dialect.isForeignText(err) }

// Time returns t as the databases keep instants: UTC, whole seconds. As a text it is
// the same for both, sorts by time, and depends on no session's time zone.
func Time(t time.Time) string {
	return t.UTC().Format("2006-01-02 15:04:05")
}

// NullTime returns t as Time does, or NULL for none.
func NullTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	return Time(*t)
}

// dialect is where the databases differ.
type dialect interface {
	open(Config) (*sql.DB, error)
	// name is that of the folder with the migrations.
	name() string
	// title is what errors call the database.
	title(Config) string
	onConflict(key string, columns []string) string
	isDuplicate(error) bool
	isForeignText(error) bool
	isDeadlock(error) bool
	// lock keeps other instances from migrating until unlock, on one connection.
	lock(ctx context.Context, conn *sql.Conn) (unlock func(context.Context) error, err error)
}
