// Package config holds what central-hub reads from its surroundings at start.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

const (
	defaultPort         = 3012
	defaultEnvironment  = "development"
	defaultDatabasePath = "data/central-hub.db"
	defaultDatabasePort = 3306
)

// Config is read once and then handed down; nothing else in the hub looks at
// the environment.
type Config struct {
	// Port is the TCP port on all interfaces; 0 lets the kernel pick a free one.
	Port int
	// PortGiven says that PORT is set, to more than nothing: it counts even where
	// the process manager has opened another port.
	PortGiven bool
	// Environment is NODE_ENV, reported in bodies.
	Environment string
	// Frontend is the folder with the built frontend. It need not exist.
	Frontend string
	// ShutdownLimit is how long running requests may take after a signal.
	ShutdownLimit time.Duration
	// Database says which one to open.
	Database database.Config
	// ReadyWaitsForDatabase makes the hub say ready only after the database answered.
	ReadyWaitsForDatabase bool
	// Secret signs tokens.
	Secret []byte
	// SessionManager is the base URL of the Session Manager, without a slash at its end.
	SessionManager string
	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// MetricsAddress is the loopback address that serves /metrics; empty: none.
	MetricsAddress string
	// AccessLog makes the hub print a line for each request.
	AccessLog bool
}

// Load merges the file dotenv, which may be absent, with the real variables
// that lookup knows, such as os.LookupEnv. A real variable wins, also when it is
// set to nothing. Errors name the variable or the line and never repeat the
// file's text, which may hold secrets.
func Load(dotenv string, lookup func(string) (string, bool)) (Config, error) {
	vars, err := read(dotenv, lookup)
	if err != nil {
		return Config{}, err
	}
	cfg := Config{
		PortGiven:     vars.get("PORT") != "",
		Environment:   cmp.Or(vars.get("NODE_ENV"), defaultEnvironment),
		Frontend:      "frontend/dist",
		ShutdownLimit: 10 * time.Second,
	}
	var wrong [8]error
	cfg.Port, wrong[0] = vars.port("PORT", defaultPort)
	cfg.Database, wrong[1] = vars.database()
	cfg.Secret, wrong[2] = vars.secret()
	cfg.SessionManager, wrong[3] = vars.sessionManager()
	cfg.TrustedProxies, wrong[4] = vars.trustedProxies()
	cfg.MetricsAddress, wrong[5] = vars.metricsAddress()
	cfg.AccessLog, wrong[6] = vars.flag("ACCESS_LOG")
	cfg.ReadyWaitsForDatabase, wrong[7] = vars.flag("HUB_READY_WAITS_FOR_DB")
	return cfg, errors.Join(wrong[:]...)
}

// LoadDatabase is Load for who needs the database alone.
func LoadDatabase(dotenv string, lookup func(string) (string, bool)) (database.Config, error) {
	vars, err := read(dotenv, lookup)
	if err != nil {
		return database.Config{}, err
	}
	return vars.database()
}

// variables are those of the file, and before them the real ones.
type variables struct {
	file   map[string]string
	lookup func(string) (string, bool)
}

func read(dotenv string, lookup func(string) (string, bool)) (variables, error) {
	file, err := readDotenv(dotenv)
	return variables{file, lookup}, err
}

// get returns a variable's value, empty if it is not set.
func (v variables) get(name string) string {
	if value, ok := v.lookup(name); ok {
		return value
	}
	return v.file[name]
}

func (v variables) port(name string, unset int) (int, error) {
	text := v.get(name)
	if text == "" {
		return unset, nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%s %q is no port: want a number from 1 to 65535, or 0 for any free port", name, text)
	}
	return int(port), nil
}

func (v variables) flag(name string) (bool, error) {
	switch text := v.get(name); text {
	case "", "0", "false":
		return false, nil
	case "1", "true":
		return true, nil
	default:
		return false, fmt.Errorf("%s %q is neither yes nor no: want 1, true, 0 or false", name, text)
	}
}
