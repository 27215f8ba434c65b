package whatsappqr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Gate tells whether a customer may have a QR code now. In doubt it says no.
type Gate interface {
	IsAuthorized(ctx context.Context, clientID int64) bool
}

// SessionManager is what a Controller needs of the Session Manager.
type SessionManager interface {
	Session(ctx context.Context, instanceID string, clienteID int64) (sessionmanager.Session, error)
	RequestQR(ctx context.Context, instanceID string, clienteID int64) (sessionmanager.QR, error)
}

// Controller answers the public routes, which ask for no login.
type Controller struct {
	gate    Gate
	manager SessionManager
	out     *console.Console
}

// NewController returns a controller that lets through gate what manager has.
func NewController(gate Gate, manager SessionManager, out *console.Console) Controller {
	return Controller{gate, manager, out}
}

type statusBody struct {
	OK      bool            `json:"ok"`
	Session json.RawMessage `json:"session"`
}

// status answers with the session as received, but for a QR code that the customer is
// not to have.
func (h Controller) status(c *gin.Context) {
	id, ok := customer(c)
	if !ok {
		return
	}
	session, err := h.manager.Session(c.Request.Context(), sessionmanager.Instance(id), id)
	if err == nil && session.HasQR && !h.gate.IsAuthorized(c.Request.Context(), id) {
		session.JSON, err = session.WithoutQR()
	}
	if err != nil {
		if !web.Gone(c) {
			h.out.SessionStatusFailed(id, err)
		}
		refuseUpstream(c, id, err)
		return
	}
	web.JSON(c, http.StatusOK, statusBody{true, session.JSON})
}

// qr asks the gate before it asks anybody else.
func (h Controller) qr(c *gin.Context) {
	id, ok := customer(c)
	if !ok {
		return
	}
	if !h.gate.IsAuthorized(c.Request.Context(), id) {
		refuse(c, http.StatusForbidden, "QR_NOT_AUTHORIZED", "QR no autorizado para este cliente")
		return
	}
	session, err := h.manager.Session(c.Request.Context(), sessionmanager.Instance(id), id)
	switch {
	case errors.Is(err, sessionmanager.SessionNotFound):
		refuse(c, http.StatusNotFound, "SESSION_NOT_FOUND",
			fmt.Sprintf("Sesión no encontrada para cliente %d. Debe inicializarse primero.", id))
	case err != nil:
		if !web.Gone(c) {
			h.out.QREndpointFailed(id, err)
		}
		refuseUpstream(c, id, err)
	default:
		h.react(c, id, session)
	}
}

type connectedRefusal struct {
	refusal
	PhoneNumber json.RawMessage `json:"phone_number,omitempty"`
}

type connectingBody struct {
	OK      bool   `json:"ok"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

type errorRefusal struct {
	refusal
	LastCode    json.RawMessage `json:"last_error_code,omitempty"`
	LastMessage json.RawMessage `json:"last_error_message,omitempty"`
}

// react answers as the session's status asks for.
func (h Controller) react(c *gin.Context, id int64, session sessionmanager.Session) {
	switch session.Status {
	case sessionmanager.Init, sessionmanager.QRRequired, sessionmanager.Disconnected:
		h.request(c, id, session.Status)
	case sessionmanager.Connected:
		web.JSON(c, http.StatusConflict, connectedRefusal{
			refusal{Error: alreadyConnected, Message: "La sesión ya está conectada. No se necesita escanear QR."},
			session.PhoneNumber,
		})
	case sessionmanager.Connecting:
		web.JSON(c, http.StatusOK, connectingBody{true, session.Status, "QR escaneado, esperando conexión..."})
	case sessionmanager.Failed:
		web.JSON(c, http.StatusInternalServerError, errorRefusal{
			refusal{Error: "SESSION_ERROR", Message: "La sesión está en estado de error"},
			session.LastErrorCode, session.LastErrorMessage,
		})
	default:
		refuse(c, http.StatusInternalServerError, "UNKNOWN_SESSION_STATUS",
			"Estado de sesión desconocido: "+session.Status)
	}
}

type qrBody struct {
	OK        bool            `json:"ok"`
	QR        string          `json:"qr_string"`
	ExpiresAt json.RawMessage `json:"qr_expires_at,omitempty"`
	Status    string          `json:"status"`
}

// request makes the Session Manager generate a QR code; status is what it said before.
func (h Controller) request(c *gin.Context, id int64, status string) {
	qr, err := h.manager.RequestQR(c.Request.Context(), sessionmanager.Instance(id), id)
	switch {
	case err == nil:
		// It is good for a minute and for one person.
		c.Header("Cache-Control", "no-store")
		web.JSON(c, http.StatusOK, qrBody{true, qr.String, qr.ExpiresAt, status})
	case errors.Is(err, sessionmanager.AlreadyConnected):
		refuse(c, http.StatusConflict, alreadyConnected, "La sesión ya está conectada")
	case errors.Is(err, sessionmanager.QRGenerationFailed):
		refuse(c, http.StatusInternalServerError, "QR_GENERATION_FAILED", "No se pudo generar el código QR")
	default:
		if !web.Gone(c) {
			h.out.QREndpointFailed(id, err)
		}
		refuseUpstream(c, id, err)
	}
}
