package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// sqlite is the file of the hub's own.
type sqlite struct{}

func (sqlite) name() string { return "sqlite" }

func (sqlite) title(cfg Config) string { return "DB_PATH " + cfg.Path }

// open makes the file where it is missing. SQLite's own would be readable for all. It is
// the first to open it in this process: closing a file drops the locks on it.
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
	defer file.Close()
	if err := check(file); err != nil {
		return nil, fmt.Errorf("open DB_PATH: %w", err)
	}
	pool, err := sql.Open("sqlite", source(path))
	if err != nil {
		return nil, fmt.Errorf("open DB_PATH %s: %w", cfg.Path, err)
	}
	// Readers don't wait for each other or for the one writer.
	pool.SetMaxOpenConns(4)
	pool.SetMaxIdleConns(4)
	return pool, nil
}

// magic begins every file of SQLite's: https://www.sqlite.org/fileformat.html
const magic = "SQLite format 3\x00"

// check refuses a file that is something else. SQLite itself takes one that is shorter
// than a page for an empty one, and overwrites it.
func check(file *os.File) error {
	// A first write that was cut off is undone by the journal beside the file.
	if _, err := os.Lstat(file.Name() + "-journal"); err == nil {
		return nil
	}
	begin := make([]byte, len(magic))
	n, err := io.ReadFull(file, begin)
	switch {
	case n == 0 && errors.Is(err, io.EOF), string(begin[:n]) == magic:
		return nil
	case err == nil, errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s is not a database of SQLite: want one, or a path where there is no file yet", file.Name())
	default:
		return err
	}
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

// isDeadlock is never: there is one writer, and the others wait.
func (sqlite) isDeadlock(error) bool { return false }

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
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if err := flock(ctx, folder); err != nil {
		folder.Close()
		return nil, fmt.Errorf("lock %s: %w", folder.Name(), err)
	}
	return func(context.Context) error { return folder.Close() }, nil
}

// look is the pause between two looks whether a lock is free: flock(2) itself would wait
// beyond the end of a context.
const look = 10 * time.Millisecond

func flock(ctx context.Context, file *os.File) error {
	again := time.NewTicker(look)
	defer again.Stop()
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another instance holds it: %w", ctx.Err())
		case <-again.C:
		}
	}
}
