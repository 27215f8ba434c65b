package console

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// HealthCheck says that the Session Manager is asked for its health.
func (c *Console) HealthCheck() { sessionManager(c.stdout, "Iniciando health check...") }

// HealthCheckOK says that the Session Manager is healthy.
func (c *Console) HealthCheckOK() { sessionManager(c.stdout, "✅ Health check OK") }

// HealthCheckFailed says why the Session Manager's health is not known to be good.
func (c *Console) HealthCheckFailed(err error) {
	sessionManager(c.stderr, "❌ Health check falló: %s", err.Error())
}

// MessageSent says to whom the Session Manager has sent a message.
func (c *Console) MessageSent(to string) { sessionManager(c.stdout, "✅ Mensaje enviado a %s", to) }

// MessageInvalid gives the body with which a message was refused.
func (c *Console) MessageInvalid(body []byte) {
	sessionManager(c.stderr, "❌ Error de validación: %s", string(body))
}

// SessionNotReady gives the body of an answer that a session can't send now.
func (c *Console) SessionNotReady(body []byte) {
	sessionManager(c.stderr, "❌ Sesión no lista: %s", string(body))
}

// WhatsAppFailed gives the body of an answer that WhatsApp did not take a message.
func (c *Console) WhatsAppFailed(body []byte) {
	sessionManager(c.stderr, "❌ Error interno de WhatsApp: %s", string(body))
}

// Unexpected gives an answer with an HTTP status that the call has no meaning for.
func (c *Console) Unexpected(status int, body []byte) {
	sessionManager(c.stderr, "❌ Error inesperado (%s): %s", fmt.Sprint(status), string(body))
}

// SessionRead says that a session was read, and its status.
func (c *Console) SessionRead(instance, status string) {
	sessionManager(c.stdout, "✅ Sesión obtenida: %s (status: %s)", instance, status)
}

// SessionNotFound says that the Session Manager does not know the instance.
func (c *Console) SessionNotFound(instance string) {
	sessionManager(c.stderr, "❌ Sesión no encontrada: %s", instance)
}

// QRGenerated says that the Session Manager has made a QR code.
func (c *Console) QRGenerated(instance string) {
	sessionManager(c.stdout, "✅ QR generado para %s", instance)
}

// AlreadyConnected says that a QR code was asked for a session that needs none.
func (c *Console) AlreadyConnected(instance string) {
	sessionManager(c.stderr, "❌ Sesión ya conectada: %s", instance)
}

// QRFailed gives the body of an answer that no QR code could be made.
func (c *Console) QRFailed(body []byte) {
	sessionManager(c.stderr, "❌ Error generando QR: %s", string(body))
}

// sessionManager writes one line in which each of texts is foreign.
func sessionManager(to io.Writer, format string, texts ...string) {
	args := make([]any, len(texts))
	for i, text := range texts {
		args[i] = foreign(text)
	}
	fmt.Fprintf(to, "[SessionManager] "+format+"\n", args...)
}

// maxForeign bounds what one line repeats of another service's text, in bytes.
const maxForeign = 1024

// foreign returns a text of somebody else's as a part of one line: whatever would break
// the line, or steer a terminal, becomes a space, and the rest of a long one is cut off.
func foreign(text string) string {
	more := ""
	if len(text) > maxForeign {
		text, more = strings.ToValidUTF8(text[:maxForeign], ""), "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text) + more
}
