package sessionmanager

import (
	"fmt"
	"time"
)

// Kind says in which way a call failed. It is an error itself, so that
// errors.Is(err, SessionNotFound) asks for one. Its text is the one that logs and
// clients get to see.
type Kind string

// The kinds of failure.
const (
	// Unreachable: nobody answered, or with what no version of the contract has.
	Unreachable Kind = "Session Manager no está disponible"
	// Timeout: no answer within the limit, or within the time that the caller had.
	Timeout Kind = "Timeout al conectar con Session Manager"
	// InvalidConfig: the base URL is none.
	InvalidConfig Kind = "Configuración de Session Manager inválida"
	// SessionNotReady: the session can't send now.
	SessionNotReady Kind = "Sesión de WhatsApp no está lista"
	// WhatsAppFailed: WhatsApp did not take the message.
	WhatsAppFailed Kind = "Error interno de WhatsApp"
	// Invalid: the Session Manager refused the message.
	Invalid Kind = "Error de validación en la petición"
	// SessionNotFound: the Session Manager knows no such instance.
	SessionNotFound Kind = "Sesión no encontrada"
	// AlreadyConnected: a connected session needs no QR code.
	AlreadyConnected Kind = "La sesión ya está conectada"
	// QRGenerationFailed: the Session Manager could not make a QR code.
	QRGenerationFailed Kind = "Falló la generación del código QR"
)

func (k Kind) Error() string { return string(k) }

// Error is what every failed call of a Client returns.
type Error struct {
	Kind Kind
	// Limit is the time that ran out, where that was one of the client's own.
	Limit time.Duration
	// Cause is for whoever looks deeper; it may name hosts and is no text for clients.
	Cause error
}

// Error returns a text that is fit for clients: that of the kind, with the limit in it
// where there was one.
func (e *Error) Error() string {
	if e.Limit > 0 {
		return fmt.Sprintf("%s (%dms)", e.Kind, e.Limit.Milliseconds())
	}
	return e.Kind.Error()
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// StatusError is the cause where the Session Manager answered with an HTTP status that
// means a failure.
type StatusError int

func (s StatusError) Error() string { return fmt.Sprintf("Session Manager answered %d", int(s)) }
