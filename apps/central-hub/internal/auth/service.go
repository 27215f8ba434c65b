package auth

import (
	"context"
	"errors"
	"net/netip"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
)

// Users is where the users are kept. Repository tells what its methods return.
type Users interface {
	ByUsuario(ctx context.Context, usuario string) (User, error)
	ByID(ctx context.Context, id int64) (User, error)
	SetPassword(ctx context.Context, id int64, hash string) error
}

// Service logs users in and knows whose a token is. It prints why the server failed;
// its callers only tell the client that it did. It is safe for concurrent use.
type Service struct {
	users   Users
	tokens  *Tokens
	limiter *Limiter
	out     *console.Console
}

// NewService returns the service for users.
func NewService(users Users, tokens *Tokens, limiter *Limiter, out *console.Console) *Service {
	return &Service{users, tokens, limiter, out}
}

// Session is what a login gives.
type Session struct {
	Token string
	User  Claims
}

// Login checks the password of a user whose client is at the address from. The error
// is ErrNoUser, ErrWrongPassword, a *LimitError, or another one when the server failed.
func (s *Service) Login(ctx context.Context, usuario, password string, from netip.Addr) (Session, error) {
	giveBack, err := s.limiter.Address(from)
	if err != nil {
		return Session{}, err
	}
	session, err := s.login(ctx, usuario, password)
	if errors.Is(err, ErrNoUser) || errors.Is(err, ErrWrongPassword) {
		return Session{}, err
	}
	giveBack()
	if err != nil && !errors.As(err, new(*LimitError)) {
		s.out.LoginFailed(reason(err))
	}
	return session, err
}

func (s *Service) login(ctx context.Context, usuario, password string) (Session, error) {
	user, err := s.users.ByUsuario(ctx, usuario)
	if errors.Is(err, ErrNoUser) {
		return Session{}, s.refuse(usuario, password)
	}
	if err != nil {
		return Session{}, err
	}
	if err := s.compare(user, password); err != nil {
		return Session{}, err
	}
	token, err := s.tokens.Issue(user.Claims())
	return Session{token, user.Claims()}, err
}

// refuse is a login of nobody. It takes as long as one with a wrong password.
func (s *Service) refuse(usuario, password string) error {
	if _, err := s.limiter.Stranger(usuario); err != nil {
		return err
	}
	_ = comparePassword(nobodys, password)
	return ErrNoUser
}

func (s *Service) compare(user User, password string) error {
	giveBack, err := s.limiter.User(user.ID)
	if err != nil {
		return err
	}
	err = comparePassword(user.PasswordHash, password)
	switch {
	case err == nil:
		s.limiter.Succeeded(user.ID)
	case !errors.Is(err, ErrWrongPassword):
		giveBack()
	}
	return err
}

// Verify returns whose token it is. The error is ErrToken, ErrNoUser, or another one
// when the server failed.
func (s *Service) Verify(ctx context.Context, token string) (User, error) {
	claims, err := s.tokens.Read(token)
	if err != nil {
		if !errors.Is(err, ErrToken) {
			s.out.VerifyFailed(reason(err))
		}
		return User{}, err
	}
	return s.User(ctx, claims.ID)
}

// User returns a user. The error is ErrNoUser, also when the database failed: the
// contract has it so, and the log tells the difference.
func (s *Service) User(ctx context.Context, id int64) (User, error) {
	user, err := s.users.ByID(ctx, id)
	if err != nil && !errors.Is(err, ErrNoUser) {
		s.out.UserLookupFailed(reason(err))
		return User{}, ErrNoUser
	}
	return user, err
}

// ChangePassword replaces a user's old password with one that CheckPassword took. Wrong
// old ones count as failed logins do: a token may be in other hands. The error is
// ErrNoUser, ErrWrongPassword, a *LimitError, or another one when the server failed.
func (s *Service) ChangePassword(ctx context.Context, id int64, old, password string) error {
	err := s.changePassword(ctx, id, old, password)
	if err != nil && !errors.Is(err, ErrNoUser) && !errors.Is(err, ErrWrongPassword) && !errors.As(err, new(*LimitError)) {
		s.out.PasswordChangeFailed(reason(err))
	}
	return err
}

func (s *Service) changePassword(ctx context.Context, id int64, old, password string) error {
	user, err := s.users.ByID(ctx, id)
	if err != nil {
		return err
	}
	if err := s.compare(user, old); err != nil {
		return err
	}
	hash, err := HashPassword(password)
	if err != nil {
		return err
	}
	return s.users.SetPassword(ctx, id, hash)
}

// reason tells in a word why the server failed, without a text that may hold data.
func reason(err error) string {
	switch {
	case errors.Is(err, ErrHash):
		return "BAD_PASSWORD_HASH"
	case errors.Is(err, ErrSigning):
		return "TOKEN_NOT_SIGNED"
	case errors.Is(err, context.Canceled):
		return "ECANCELED"
	default:
		return database.Reason(err)
	}
}
