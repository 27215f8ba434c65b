package whatsappqr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// store answers with what the test has set, and keeps what it was asked for.
type store struct {
	allowed bool
	row     *Authorization
	found   bool
	err     error
	asked   string
}

func (s *store) IsClientAuthorized(_ context.Context, id int64) (bool, error) {
	s.asked = fmt.Sprint("is ", id)
	return s.allowed, s.err
}

func (s *store) EnableClient(_ context.Context, id, admin int64, until *time.Time) (Enabled, error) {
	s.asked = fmt.Sprint("enable ", id, " by ", admin, " until ", database.NullTime(until))
	return Enabled{ClienteID: id, EnabledAt: noon, ExpiresAt: until}, s.err
}

func (s *store) RevokeClient(_ context.Context, id int64, admin *int64) (Revoked, error) {
	by := "nobody"
	if admin != nil {
		by = fmt.Sprint(*admin)
	}
	s.asked = fmt.Sprint("revoke ", id, " by ", by)
	return Revoked{ClienteID: id, Found: s.found, RevokedAt: noon}, s.err
}

func (s *store) Authorization(_ context.Context, id int64) (*Authorization, error) {
	s.asked = fmt.Sprint("read ", id)
	return s.row, s.err
}

func (s *store) ActiveOf(ctx context.Context, id int64) (*Authorization, error) {
	return s.Authorization(ctx, id)
}

func (s *store) Active(context.Context) ([]Authorization, error) { return s.rows(), s.err }
func (s *store) Latest(context.Context) ([]Authorization, error) { return s.rows(), s.err }

func (s *store) rows() []Authorization {
	if s.row == nil {
		return nil
	}
	return []Authorization{*s.row}
}

func service(s *store) *Service { return NewService(s, console.New(io.Discard, io.Discard)) }

// broken is an error with what no answer and no log line is to tell.
func broken() error { return errors.New("Access denied for 'hub'@'10.0.0.1' using hunter2") }

func TestS1Authorized(t *testing.T) {
	t.Parallel()
	s := &store{allowed: true}
	if !service(s).IsAuthorized(t.Context(), 51) || s.asked != "is 51" {
		t.Errorf("denied; asked %q", s.asked)
	}
}

func TestS2NotAuthorized(t *testing.T) {
	t.Parallel()
	if service(&store{}).IsAuthorized(t.Context(), 51) {
		t.Error("allowed")
	}
}

func TestS3FailsClosed(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	if NewService(&store{allowed: true, err: broken()}, console.New(io.Discard, &stderr)).IsAuthorized(t.Context(), 51) {
		t.Error("allowed")
	}
	if want := "❌ Error verificando autorización QR para cliente 51: DATABASE_ERROR\n"; stderr.String() != want {
		t.Errorf("printed %q, want %q", &stderr, want)
	}
}

func TestS4Authorize(t *testing.T) {
	t.Parallel()
	s := &store{}
	got := service(s).AuthorizeQrSession(t.Context(), 51, 7, nil)
	if got != (AuthorizeResult{ClientID: 51, Status: "AUTHORIZED", EnabledAt: noon}) || s.asked != "enable 51 by 7 until <nil>" {
		t.Errorf("got %+v; asked %q", got, s.asked)
	}
}

func TestS5AuthorizeWithExpiry(t *testing.T) {
	t.Parallel()
	s, until := &store{}, at(noon.Add(time.Hour))
	got := service(s).AuthorizeQrSession(t.Context(), 51, 7, until)
	if !same(got.ExpiresAt, until) || s.asked != "enable 51 by 7 until 2026-01-05 13:00:00" {
		t.Errorf("got %+v; asked %q", got, s.asked)
	}
}

func TestS6AuthorizeFails(t *testing.T) {
	t.Parallel()
	got := service(&store{err: broken()}).AuthorizeQrSession(t.Context(), 51, 7, nil)
	if got != (AuthorizeResult{ClientID: 51, Status: "ERROR", Error: broken().Error()}) {
		t.Errorf("got %+v", got)
	}
}

func TestS7Revoke(t *testing.T) {
	t.Parallel()
	s, admin := &store{found: true}, int64(7)
	got := service(s).RevokeQrSession(t.Context(), 51, &admin)
	if got != (RevokeResult{ClientID: 51, Status: "REVOKED", RevokedAt: noon}) || s.asked != "revoke 51 by 7" {
		t.Errorf("got %+v; asked %q", got, s.asked)
	}
}

func TestS8RevokeUnknown(t *testing.T) {
	t.Parallel()
	got := service(&store{}).RevokeQrSession(t.Context(), 51, nil)
	if got != (RevokeResult{ClientID: 51, Status: "NOT_FOUND", Error: "Client authorization not found"}) {
		t.Errorf("got %+v", got)
	}
}

func TestS9RevokeWithoutAdmin(t *testing.T) {
	t.Parallel()
	s := &store{found: true}
	if service(s).RevokeQrSession(t.Context(), 51, nil); s.asked != "revoke 51 by nobody" {
		t.Errorf("asked %q", s.asked)
	}
}

func TestS10RevokeFails(t *testing.T) {
	t.Parallel()
	got := service(&store{found: true, err: broken()}).RevokeQrSession(t.Context(), 51, nil)
	if got != (RevokeResult{ClientID: 51, Status: "ERROR", Error: broken().Error()}) {
		t.Errorf("got %+v", got)
	}
}

func TestS11Read(t *testing.T) {
	t.Parallel()
	s := &store{row: &Authorization{ID: 3, ClienteID: 51, Enabled: true, EnabledByAdminID: 7, EnabledAt: noon, CreatedAt: noon.Add(-time.Hour)}}
	got := service(s).QrSession(t.Context(), 51)
	if got == nil || *got != (Session{ClientID: 51, Enabled: true, EnabledAt: noon, CreatedAt: noon.Add(-time.Hour)}) || s.asked != "read 51" {
		t.Errorf("got %+v; asked %q", got, s.asked)
	}
}

func TestS12ReadRevoked(t *testing.T) {
	t.Parallel()
	revoked := at(noon.Add(time.Minute))
	got := service(&store{row: &Authorization{ClienteID: 51, RevokedAt: revoked}}).QrSession(t.Context(), 51)
	if got == nil || got.Enabled || !same(got.RevokedAt, revoked) {
		t.Errorf("got %+v", got)
	}
}

func TestS13ReadUnknown(t *testing.T) {
	t.Parallel()
	if got := service(&store{}).QrSession(t.Context(), 51); got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestS14ReadFails(t *testing.T) {
	t.Parallel()
	if got := service(&store{row: &Authorization{ClienteID: 51}, err: broken()}).QrSession(t.Context(), 51); got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestServiceLists(t *testing.T) {
	t.Parallel()
	s := service(&store{row: &Authorization{ClienteID: 51}})
	if got, err := s.ActiveSessions(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("active: %+v, %v", got, err)
	}
	if got, err := s.Customers(t.Context()); err != nil || len(got) != 1 || got[0] != 51 {
		t.Errorf("customers: %v, %v", got, err)
	}
}

// What fails is told of in one line without the driver's text.
func TestServiceTellsOfFailures(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	s := NewService(&store{err: broken()}, console.New(io.Discard, &stderr))
	s.AuthorizeQrSession(t.Context(), 51, 7, nil)
	s.RevokeQrSession(t.Context(), 51, nil)
	s.QrSession(t.Context(), 51)
	if _, err := s.ActiveSessions(t.Context()); err == nil {
		t.Error("active: no error")
	}
	if _, err := s.Customers(t.Context()); err == nil {
		t.Error("customers: no error")
	}
	if strings.Contains(stderr.String(), "hunter2") || strings.Count(stderr.String(), "❌ Error ") != 5 || strings.Count(stderr.String(), "\n") != 5 {
		t.Errorf("printed %q", &stderr)
	}
}

// A client that has gone is no outage, and a database that does not answer in time is one.
func TestServiceTellsOutagesAlone(t *testing.T) {
	onEach(t, func(f *fixture) {
		for want, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			},
			"❌ Error verificando autorización QR para cliente 51: ETIMEDOUT\n": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 0)
			},
		} {
			ctx, cancel := end(f.Context())
			defer cancel()
			var stderr strings.Builder
			if NewService(f.Repository, console.New(io.Discard, &stderr)).IsAuthorized(ctx, 51) || stderr.String() != want {
				f.Errorf("printed %q, want %q", &stderr, want)
			}
		}
	})
}

// The clock, the repository and the service as the program has them: a revocation
// returns the customer's number (D-17).
func TestServiceOverRepository(t *testing.T) {
	onEach(t, func(f *fixture) {
		s := NewService(f.Repository, console.New(io.Discard, io.Discard))
		s.AuthorizeQrSession(f.Context(), 51, 7, at(noon.Add(time.Hour)))
		if !s.IsAuthorized(f.Context(), 51) {
			f.Error("denied")
		}
		admin := int64(7)
		if got := s.RevokeQrSession(f.Context(), 51, &admin); got.ClientID != 51 || got.Status != "REVOKED" {
			f.Errorf("got %+v", got)
		}
		if s.IsAuthorized(f.Context(), 51) {
			f.Error("allowed")
		}
	})
}
