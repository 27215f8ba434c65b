package database_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/database/databasetest"
)

// asNobody runs f as a user who owns nothing and is not root.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Never unlocked: the thread ends with its rights.
		runtime.LockOSThread()
		const nobody = 65534
		if err := unix.Setfsuid(nobody); err != nil {
			t.Error(err)
		}
		f()
	}()
	<-done
}

// A database or a folder that this user may only read.
func TestFilesNotWritable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, folder os.FileMode
		want, reason string
	}{
		"file":   {0o444, 0o777, "permission denied", "EACCES"},
		"folder": {0o666, 0o555, "readonly", "SQLITE_READONLY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "hub.db")
			db := databasetest.Open(t, database.Config{Path: path})
			if err := errors.Join(db.Migrate(t.Context()), db.Close(),
				os.Chmod(path, test.file), os.Chmod(filepath.Dir(path), test.folder), os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755)); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(filepath.Dir(path), 0o755) // or it could not be removed
			asNobody(t, func() {
				err := openAndMigrate(t, path)
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) || database.Reason(err) != test.reason {
					t.Errorf("got %v (%s), want the path, %q and %s", err, database.Reason(err), test.want, test.reason)
				}
			})
		})
	}
}

func openAndMigrate(t *testing.T, path string) error {
	t.Helper()
	db, err := database.Open(database.Config{Path: path})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Migrate(t.Context())
}

// Something else that DB_PATH names by mistake is still there afterwards.
func TestForeignFileStays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "SESSION_SECRET=abc\n", "SQLite format 3", strings.Repeat("no database ", 1000)} {
		path := filepath.Join(t.TempDir(), ".env")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := openAndMigrate(t, path); err == nil || !strings.Contains(err.Error(), path+" is not a database of SQLite") {
			t.Errorf("got %v", err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q has become %.40q, %v", text, got, err)
		}
	}
}

// An empty file is a database without tables, and one that a first write has left in
// pieces is what its journal says.
func TestUnfinishedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := openAndMigrate(t, path); err != nil {
		t.Error(err)
	}
	path = filepath.Join(t.TempDir(), "hub.db")
	for _, name := range []string{path, path + "-journal"} {
		if err := os.WriteFile(name, make([]byte, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, err := database.Open(database.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
}

// Whoever waits for another instance to migrate may be told to end.
func TestMigrateWaitsUntilContextEnds(t *testing.T) {
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
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = db.Migrate(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another instance") {
		t.Errorf("got %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- db.Migrate(t.Context()) }()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("once it is free: %v", err)
	}
}
