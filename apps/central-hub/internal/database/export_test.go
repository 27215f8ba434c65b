package database

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"
)

// Migrations is a copy of those that are embedded for cfg's kind of database.
func Migrations(t *testing.T, cfg Config) fstest.MapFS {
	t.Helper()
	folder, err := fs.Sub(migrations, "migrations/"+dialectOf(cfg).name())
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := fs.ReadFile(folder, e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = &fstest.MapFile{Data: text}
	}
	return files
}

// MigrateFrom is Migrate with other migrations.
func (d *DB) MigrateFrom(ctx context.Context, folder fs.FS) error { return d.migrate(ctx, folder) }
