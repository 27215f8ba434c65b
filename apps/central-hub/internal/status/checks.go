package status

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// checkLimit is how long a check may take. All begin at once.
const checkLimit = 5 * time.Second

// Pinger is the hub's database.
type Pinger interface {
	// Ping makes the database answer one trivial question.
	Ping(ctx context.Context) error
	// Host names the server, "embedded" where there is none.
	Host() string
}

// Prober asks the Session Manager how it is, and prints nothing.
type Prober interface {
	// Probe tells whether the Session Manager has a WhatsApp session that can send. The
	// error says that it did not answer well: an HTTPError where it answered at all.
	Probe(ctx context.Context) (whatsappConnected bool, err error)
}

// HTTPError is the status of an answer that is not good.
type HTTPError int

func (e HTTPError) Error() string { return fmt.Sprintf("HTTP_%d", int(e)) }

// result is what came of a check.
type result struct {
	took time.Duration
	err  error
	// connected is the Session Manager's whatsapp_connected.
	connected bool
}

// errPanicked is what comes of a check that panicked; its lines come too.
var errPanicked = errors.New("the check panicked")

// running is a check that has begun.
type running struct {
	begun    time.Time
	answered chan result
}

func (s *Service) start(ctx context.Context, name string, check func(context.Context) (bool, error)) running {
	c := running{s.now(), make(chan result, 1)}
	s.out.Go(name, func() {
		r := result{err: errPanicked}
		defer func() {
			r.took = s.now().Sub(c.begun)
			c.answered <- r
		}()
		r.connected, r.err = check(ctx)
	})
	return c
}

// wait waits no longer than ctx, also for a check that does not look at it.
func (s *Service) wait(ctx context.Context, c running) result {
	select {
	case r := <-c.answered:
		if r.err != nil && ctx.Err() != nil {
			// Drivers have errors of their own for this.
			r.err = ctx.Err()
		}
		return r
	case <-ctx.Done():
		return result{took: s.now().Sub(c.begun), err: ctx.Err()}
	}
}

// databaseReason tells in a word why the database did not answer.
func databaseReason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "Database timeout"
	}
	return database.Reason(err)
}

// sessionManagerReason tells in a word why the Session Manager did not answer.
func sessionManagerReason(err error) string {
	var status HTTPError
	var code syscall.Errno
	var look *net.DNSError
	var waited interface{ Timeout() bool }
	switch {
	case errors.As(err, &status):
		return status.Error()
	case errors.As(err, &code):
		return unix.ErrnoName(code)
	case errors.As(err, &waited) && waited.Timeout():
		return "Session Manager timeout"
	case errors.As(err, &look):
		return "ENOTFOUND"
	default:
		return "SESSION_MANAGER_ERROR"
	}
}
