// Package databasetest runs tests on each kind of database that the hub knows: SQLite,
// and a real MariaDB server that the tests start themselves.
package databasetest

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// Each runs f on an empty database of each kind, whose schema is up to date.
func Each(t *testing.T, f func(t *testing.T, db *database.DB)) {
	t.Helper()
	configs := map[string]func(*testing.T) database.Config{"SQLite": File, "MariaDB": Server}
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := Open(t, config(t))
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			f(t, db)
		})
	}
}

// File is a SQLite database that is not there yet.
func File(t *testing.T) database.Config {
	t.Helper()
	return database.Config{Path: filepath.Join(t.TempDir(), "data", "hub.db")}
}

// Open opens a database until the test ends.
func Open(t *testing.T, cfg database.Config) *database.DB {
	t.Helper()
	db, err := database.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Server is an empty database of the server that Main has started. The test is skipped
// where there is no MariaDB.
func Server(t *testing.T) database.Config {
	t.Helper()
	address := os.Getenv(addressVar)
	if address == "" {
		t.Skip("skipped: there is no MariaDB here (apt-get install mariadb-server)")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	cfg := database.Config{Host: host, User: "root", Name: "hub_test_" + strconv.FormatUint(rand.Uint64(), 36)}
	if cfg.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	execute(t, address, "CREATE DATABASE "+cfg.Name)
	t.Cleanup(func() { execute(t, address, "DROP DATABASE "+cfg.Name) })
	return cfg
}

// execute runs a statement of the server's administrator.
func execute(t *testing.T, address, statement string) {
	t.Helper()
	admin := mysql.NewConfig()
	admin.Net, admin.Addr, admin.User = "tcp", address, "root"
	connector, err := mysql.NewConnector(admin)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}

// Main is the TestMain of a package with tests on a server.
func Main(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Getenv(addressVar) != "" { // the test binary, started as something else
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "mariadb")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s, err := start(dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "MariaDB: %v\n", err)
		return 1
	}
	defer s.stop()
	if s.address != "" {
		if err := os.Setenv(addressVar, s.address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}
