// Session-manager-stub plays a Session Manager, for tests and for whoever tries the
// hub. README.md tells its routes and scenarios.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/leadmaster/hub/apps/session-manager-stub/internal/stub"
	"github.com/leadmaster/hub/pkg/ready"
)

// grace is how long answers may take after a signal. Then what is open is cut off, such
// as a connection that never brought a request.
const grace = time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "session-manager-stub:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It prints where, once connections are accepted.
func run(ctx context.Context, getenv func(string) string, out io.Writer) error {
	scenario := cmp.Or(getenv("SCENARIO"), "qr_required")
	s, err := stub.New(scenario, time.Now)
	if err != nil {
		return fmt.Errorf("SCENARIO: %w", err)
	}
	// For this machine alone: whoever reaches it may change what it plays.
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", cmp.Or(getenv("PORT"), "3001")))
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       75 * time.Second,
		// Answers that are still to wait end with ctx.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(out, "session-manager-stub: http://%s plays %s\n", listener.Addr(), scenario)
	if err := ready.Notify(); err != nil {
		fmt.Fprintln(os.Stderr, "session-manager-stub: tell the process manager:", err)
	}

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stopping := ready.Stopping()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err = server.Shutdown(bounded)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	return errors.Join(stopping, err)
}
