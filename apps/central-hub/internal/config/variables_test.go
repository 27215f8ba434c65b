package config

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

type vars = map[string]string

func TestDefaults(t *testing.T) {
	t.Parallel()
	cfg, err := load(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := (database.Config{Path: "data/central-hub.db"}); cfg.Database != want {
		t.Errorf("database %+v, want %+v", cfg.Database, want)
	}
	if string(cfg.Secret) != "s3cret" || cfg.SessionManager != "http://localhost:3001" {
		t.Errorf("secret %q, Session Manager %q", cfg.Secret, cfg.SessionManager)
	}
	if cfg.AccessLog || cfg.MetricsAddress != "" || cfg.ReadyWaitsForDatabase {
		t.Errorf("something is on that nobody asked for: %+v", cfg)
	}
	if want := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}; !slices.Equal(cfg.TrustedProxies, want) {
		t.Errorf("trusted proxies %v, want %v", cfg.TrustedProxies, want)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	cfg, err := load(t, "DB_HOST=db.example.org\nDB_NAME=hub\nDB_PASSWORD=\"a b#c\"\n", vars{
		"DB_USER": "hub", "DB_PORT": "3307", "SESSION_SECRET": "", "JWT_SECRET": "older",
		"SESSION_MANAGER_BASE_URL": "https://sm.example.org/base/", "TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1",
		"METRICS_ADDR": "[::1]:9464", "ACCESS_LOG": "1", "HUB_READY_WAITS_FOR_DB": "true",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := database.Config{Path: "data/central-hub.db", Host: "db.example.org", Port: 3307, User: "hub", Password: "a b#c", Name: "hub"}
	if cfg.Database != want {
		t.Errorf("database %+v, want %+v", cfg.Database, want)
	}
	if string(cfg.Secret) != "older" || cfg.SessionManager != "https://sm.example.org/base" {
		t.Errorf("secret %q, Session Manager %q", cfg.Secret, cfg.SessionManager)
	}
	if !cfg.AccessLog || cfg.MetricsAddress != "[::1]:9464" || !cfg.ReadyWaitsForDatabase {
		t.Errorf("got %+v", cfg)
	}
	if want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}; !slices.Equal(cfg.TrustedProxies, want) {
		t.Errorf("trusted proxies %v, want %v", cfg.TrustedProxies, want)
	}
}

func TestRefusedVariables(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		vars vars
		want string
	}{
		"no secret":              {vars{"SESSION_SECRET": ""}, "SESSION_SECRET is empty"},
		"no Session Manager":     {vars{"SESSION_MANAGER_BASE_URL": ""}, "SESSION_MANAGER_BASE_URL is empty"},
		"another scheme":         {vars{"SESSION_MANAGER_BASE_URL": "ftp://hunter2@host"}, "SESSION_MANAGER_BASE_URL is no URL"},
		"no host":                {vars{"SESSION_MANAGER_BASE_URL": "http:///path"}, "SESSION_MANAGER_BASE_URL is no URL"},
		"no URL":                 {vars{"SESSION_MANAGER_BASE_URL": "http://hunter2\x7f@host"}, "SESSION_MANAGER_BASE_URL is no URL"},
		"no database's name":     {vars{"DB_HOST": "h"}, "DB_NAME is empty"},
		"tests in production":    {vars{"DB_HOST": "h", "DB_NAME": "hub_test", "NODE_ENV": "production"}, `DB_NAME "hub_test"`},
		"production in tests":    {vars{"DB_HOST": "h", "DB_NAME": "hub", "NODE_ENV": "test"}, `DB_NAME "hub"`},
		"no port of a database":  {vars{"DB_HOST": "h", "DB_NAME": "hub", "DB_PORT": "x"}, `DB_PORT "x"`},
		"metrics for everybody":  {vars{"METRICS_ADDR": "0.0.0.0:9464"}, `METRICS_ADDR "0.0.0.0:9464"`},
		"metrics without a port": {vars{"METRICS_ADDR": "127.0.0.1"}, `METRICS_ADDR "127.0.0.1"`},
		"metrics at a name":      {vars{"METRICS_ADDR": "localhost:1"}, `METRICS_ADDR "localhost:1"`},
		"a proxy without sense":  {vars{"TRUSTED_PROXIES": "127.0.0.1,nginx"}, `TRUSTED_PROXIES "nginx"`},
		"a network without":      {vars{"TRUSTED_PROXIES": "10.0.0.0/64"}, `TRUSTED_PROXIES "10.0.0.0/64"`},
		"perhaps":                {vars{"ACCESS_LOG": "perhaps"}, `ACCESS_LOG "perhaps"`},
		"perhaps ready":          {vars{"HUB_READY_WAITS_FOR_DB": "2"}, `HUB_READY_WAITS_FOR_DB "2"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, "", test.vars)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got error %v, want one line with %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("it tells a secret: %v", err)
			}
		})
	}
}

// The database alone needs nothing else.
func TestLoadDatabase(t *testing.T) {
	t.Parallel()
	cfg, err := LoadDatabase(filepath.Join(t.TempDir(), ".env"), func(name string) (string, bool) {
		return "/srv/hub.db", name == "DB_PATH"
	})
	if want := (database.Config{Path: "/srv/hub.db"}); err != nil || cfg != want {
		t.Errorf("got %+v, %v", cfg, err)
	}
}

// Values are what the file says: as in Node's dotenv, no variable is put into them.
func TestDollarsInFile(t *testing.T) {
	t.Parallel()
	cfg, err := load(t, "DB_HOST=h\nDB_NAME=a$b\nDB_USER=\"${HOME}$$\"\nDB_PASSWORD=pa$Word9x$$Z!\nJWT_SECRET='$x'\n", vars{"SESSION_SECRET": ""})
	if err != nil {
		t.Fatal(err)
	}
	if d := cfg.Database; d.Name != "a$b" || d.User != "${HOME}$$" || d.Password != "pa$Word9x$$Z!" || string(cfg.Secret) != "$x" {
		t.Errorf("got %+v, secret %q", d, cfg.Secret)
	}
}
