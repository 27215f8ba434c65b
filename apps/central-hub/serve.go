package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/leadmaster/hub/apps/central-hub/internal/config"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/hub"
	"github.com/leadmaster/hub/apps/central-hub/internal/server"
	"github.com/leadmaster/hub/pkg/ready"
)

// serve runs the hub until a signal arrives, and returns the exit code.
func serve(cfg config.Config, out *console.Console, passed []ready.Listener) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	db, err := openDatabase(ctx, cfg, out)
	if err != nil {
		out.Exception(err, nil)
		return 1
	}
	// Not before: a signal while the database is waited for ends the hub at once, who has
	// nobody to answer yet. Room for a few, so that each sent in a row gets its line.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	err = listen(ctx, cfg, out, db, passed, signals)
	if errors.Is(err, server.ErrForced) {
		// Its line is out already, and what still runs in the database is waited for no more.
		return 1
	}
	cancel()
	// Every request has had its answer, so nothing uses it any more.
	if err = errors.Join(err, db.Close()); err != nil {
		out.Exception(err, nil)
		return 1
	}
	return 0
}

func listen(ctx context.Context, cfg config.Config, out *console.Console, db *database.DB, passed []ready.Listener, signals <-chan os.Signal) error {
	service, err := hub.New(cfg, db, out)
	if err != nil {
		return err
	}
	if err := service.Start(ctx); err != nil {
		return err
	}
	return server.New(cfg, out, service.Handler, passed, readiness(cfg, db)).Run(signals)
}

// openDatabase returns a file of the hub's own ready for use, and a server as it is:
// the hub goes on without one that is down, and uses it as soon as it is up.
func openDatabase(ctx context.Context, cfg config.Config, out *console.Console) (*database.DB, error) {
	db, err := database.Open(cfg.Database)
	if err != nil {
		return nil, err
	}
	if db.Embedded() {
		if err := db.Migrate(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		return db, nil
	}
	down := false
	out.Go("database", func() {
		db.Connect(ctx, func(err error) {
			switch {
			case err != nil && !down:
				down = true
				out.DatabaseDown(database.Reason(err))
			case err == nil && down:
				out.DatabaseUp()
			}
		})
	})
	return db, nil
}

// readiness returns the channel that is closed when the hub may say that it is ready.
func readiness(cfg config.Config, db *database.DB) <-chan struct{} {
	if cfg.ReadyWaitsForDatabase {
		return db.Migrated()
	}
	now := make(chan struct{})
	close(now)
	return now
}
