// Package sessions answers the paths of the WhatsApp module that ran inside the hub
// once, for the frontend that still calls them. The sessions are the Session Manager's.
package sessions

import (
	"context"
	"errors"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
)

// SessionManager is what a Service needs of the Session Manager.
type SessionManager interface {
	Session(ctx context.Context, instanceID string, clienteID int64) (sessionmanager.Session, error)
	RequestQR(ctx context.Context, instanceID string, clienteID int64) (sessionmanager.QR, error)
}

// Gate tells whether a customer may have a QR code now. In doubt it says no.
type Gate interface {
	IsAuthorized(ctx context.Context, clientID int64) bool
}

// Customers returns the customers that there are sessions of.
type Customers func(context.Context) ([]int64, error)

// failure is an error whose text is fit for clients.
type failure string

func (f failure) Error() string { return string(f) }

const (
	errNotAuthorized failure = "QR no autorizado para este cliente"
	errNoQR          failure = "QR no disponible. Espera a que se genere o verifica el estado en /session-manager/state"
	errBroken        failure = "La sesión está en estado de error"
)

// Service knows the state of sessions.
type Service struct {
	manager   SessionManager
	gate      Gate
	customers Customers
	out       *console.Console
}

// NewService returns a service over the sessions of manager. customers is for List;
// out prints the panics of its goroutines.
func NewService(manager SessionManager, gate Gate, customers Customers, out *console.Console) Service {
	return Service{manager, gate, customers, out}
}

// State returns the state of a customer's session. One that the Session Manager does
// not know is disconnected.
func (s Service) State(ctx context.Context, clienteID int64) (State, error) {
	session, err := s.session(ctx, clienteID)
	if errors.Is(err, sessionmanager.SessionNotFound) {
		return disconnected(), nil
	}
	if err != nil {
		return State{}, err
	}
	state := stateOf(session)
	// A QR code that the customer will not get is none.
	state.HasQR = state.HasQR && s.gate.IsAuthorized(ctx, clienteID)
	return state, nil
}

// QR returns the customer's QR code as PNG image.
func (s Service) QR(ctx context.Context, clienteID int64) ([]byte, error) {
	if !s.gate.IsAuthorized(ctx, clienteID) {
		return nil, errNotAuthorized
	}
	session, err := s.session(ctx, clienteID)
	if errors.Is(err, sessionmanager.SessionNotFound) || err == nil && !hasQR(session) {
		return nil, errNoQR
	}
	if err != nil {
		return nil, err
	}
	return decodePNG(session.QRString)
}

// Login makes the Session Manager generate a QR code where the session needs one and
// the customer may have it.
func (s Service) Login(ctx context.Context, clienteID int64) (State, error) {
	return s.connect(ctx, clienteID, func() error {
		if !s.gate.IsAuthorized(ctx, clienteID) {
			return errNotAuthorized
		}
		return nil
	})
}

// Start is Login by an administrator, who needs no authorization: the code itself is
// still for those alone who have one.
func (s Service) Start(ctx context.Context, clienteID int64) (State, error) {
	return s.connect(ctx, clienteID, func() error { return nil })
}

func (s Service) connect(ctx context.Context, clienteID int64, allowed func() error) (State, error) {
	session, err := s.session(ctx, clienteID)
	if err != nil {
		return State{}, err
	}
	switch session.Status {
	case sessionmanager.Connected, sessionmanager.Connecting:
		return stateOf(session), nil
	case sessionmanager.Failed:
		return State{}, errBroken
	}
	if err := allowed(); err != nil {
		return State{}, err
	}
	_, err = s.manager.RequestQR(ctx, sessionmanager.Instance(clienteID), clienteID)
	switch {
	case errors.Is(err, sessionmanager.AlreadyConnected):
		return connected(), nil
	case err != nil:
		return State{}, err
	}
	return waiting(s.gate.IsAuthorized(ctx, clienteID)), nil
}

func (s Service) session(ctx context.Context, clienteID int64) (sessionmanager.Session, error) {
	return s.manager.Session(ctx, sessionmanager.Instance(clienteID), clienteID)
}
