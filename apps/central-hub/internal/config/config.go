// Package config holds what central-hub reads from its surroundings at start.
package config

import (
	"cmp"
	"fmt"
	"strconv"
	"time"
)

const (
	defaultPort        = 3012
	defaultEnvironment = "development"
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
}

// Load merges the file dotenv, which may be absent, with the real variables
// that lookup knows, such as os.LookupEnv. A real variable wins, also when it is
// set to nothing. Errors name the variable or the line and never repeat the
// file's text, which may hold secrets.
func Load(dotenv string, lookup func(string) (string, bool)) (Config, error) {
	file, err := readDotenv(dotenv)
	if err != nil {
		return Config{}, err
	}
	get := func(name string) string {
		if value, ok := lookup(name); ok {
			return value
		}
		return file[name]
	}
	given := get("PORT")
	port, err := parsePort(given)
	if err != nil {
		return Config{}, err
	}
	return Config{
		Port:          port,
		PortGiven:     given != "",
		Environment:   cmp.Or(get("NODE_ENV"), defaultEnvironment),
		Frontend:      "frontend/dist",
		ShutdownLimit: 10 * time.Second,
	}, nil
}

func parsePort(text string) (int, error) {
	if text == "" {
		return defaultPort, nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("PORT %q is no port: want a number from 1 to 65535, or 0 for any free port", text)
	}
	return int(port), nil
}
