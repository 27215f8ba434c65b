package config

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// database refuses a server's database that is meant for something else: tests wipe
// what they find.
func (v variables) database() (database.Config, error) {
	cfg := database.Config{
		Path: cmp.Or(v.get("DB_PATH"), defaultDatabasePath), Host: v.get("DB_HOST"),
		User: v.get("DB_USER"), Password: v.get("DB_PASSWORD"), Name: v.get("DB_NAME"),
	}
	if cfg.Host == "" {
		return cfg, nil
	}
	port, err := v.port("DB_PORT", defaultDatabasePort)
	if err != nil {
		return cfg, err
	}
	cfg.Port = port
	isTest := strings.Contains(cfg.Name, "_test")
	switch environment := v.get("NODE_ENV"); {
	case cfg.Name == "":
		return cfg, errors.New("DB_NAME is empty: want the database's name, since DB_HOST is set")
	case environment == "test" && !isTest:
		return cfg, fmt.Errorf("DB_NAME %q: with NODE_ENV=test want a name with _test in it", cfg.Name)
	case environment == "production" && isTest:
		return cfg, fmt.Errorf("DB_NAME %q: with NODE_ENV=production want a name without _test in it", cfg.Name)
	}
	return cfg, nil
}
