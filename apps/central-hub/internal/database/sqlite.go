package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// sqlite is the file of the hub's own.
type sqlite struct{}

func (sqlite) name() string { return "sqlite" }

// open makes the file where it is missing. SQLite's own would be readable for all.
func (s sqlite) open(cfg Config) (*sql.DB, error) {
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", cfg.Path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of DB_PATH: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open DB_PATH: %w", err)
	}
	file.Close()
	pool, err := sql.Open("sqlite", source(path))
	if err != nil {
		return nil, fmt.Errorf("open DB_PATH %s: %w", cfg.Path, err)
	}
	// Readers don't wait for each other or for the one writer.
	pool.SetMaxOpenConns(4)
	pool.SetMaxIdleConns(4)
	return pool, nil
}

// source names the file with what each connection is to be set to: readers beside a
// writer (WAL), five seconds of patience, a lock taken before a transaction reads
// what it will write.
func source(path string) string {
	query := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"},
		"_txlock": {"immediate"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

func (sqlite) onConflict(key string, columns []string) string {
	set := make([]string, len(columns))
	for i, column := range columns {
		set[i] = column + " = excluded." + column
	}
	return "ON CONFLICT (" + key + ") DO UPDATE SET " + strings.Join(set, ", ")
}

func (sqlite) isDuplicate(err error) bool {
	var failed *driver.Error
	return errors.As(err, &failed) &&
		(failed.Code() == codes.SQLITE_CONSTRAINT_UNIQUE || failed.Code() == codes.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// isForeignText is never: texts are compared byte by byte.
func (sqlite) isForeignText(error) bool { return false }

// lock takes flock(2) on the folder of the file, which ends with this process.
func (sqlite) lock(ctx context.Context, conn *sql.Conn) (func(context.Context) error, error) {
	var path string
	if err := conn.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path); err != nil {
		return nil, fmt.Errorf("ask for the database's path: %w", err)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if err := flock(folder); err != nil {
		folder.Close()
		return nil, fmt.Errorf("lock %s: %w", folder.Name(), err)
	}
	return func(context.Context) error { return folder.Close() }, nil
}

func flock(file *os.File) error {
	for {
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
