package sessions

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Controller answers for the customer of the request's token, and administrators for
// any.
type Controller struct {
	service Service
	out     *console.Console
}

// NewController returns a controller that answers from service and prints to out what
// failed.
func NewController(service Service, out *console.Console) Controller {
	return Controller{service, out}
}

type statusBody struct {
	Status    string `json:"status"`
	ClienteID int64  `json:"clienteId"`
	State     State  `json:"whatsappState"`
}

func (h Controller) status(c *gin.Context) {
	id := auth.CurrentUser(c).ClienteID
	state, err := h.service.State(c.Request.Context(), id)
	if err != nil {
		h.fail(c, "status", id, err)
		return
	}
	web.JSON(c, http.StatusOK, statusBody{"session-manager ok", id, state})
}

func (h Controller) state(c *gin.Context) {
	id := auth.CurrentUser(c).ClienteID
	state, err := h.service.State(c.Request.Context(), id)
	if err != nil {
		h.fail(c, "state", id, err)
		return
	}
	web.JSON(c, http.StatusOK, state)
}

type stateBody struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
	State   State  `json:"state"`
}

func (h Controller) login(c *gin.Context) {
	id := auth.CurrentUser(c).ClienteID
	state, err := h.service.Login(c.Request.Context(), id)
	if err != nil {
		h.fail(c, "login", id, err)
		return
	}
	message := "Iniciando conexión WhatsApp. Escanea el QR cuando aparezca."
	switch {
	case state.Ready:
		message = "WhatsApp ya está conectado"
	case state.Connecting:
		message = "WhatsApp ya se está conectando"
	}
	web.JSON(c, http.StatusOK, stateBody{true, message, state})
}

// logout would need a call that the Session Manager's contract does not have.
func (h Controller) logout(c *gin.Context) {
	fail(c, http.StatusNotImplemented, "El Session Manager no ofrece cerrar la sesión de WhatsApp")
}

type qrFailure struct {
	Error   string `json:"error"`
	Details string `json:"details,omitempty"`
}

func (h Controller) qr(c *gin.Context) {
	id := auth.CurrentUser(c).ClienteID
	image, err := h.service.QR(c.Request.Context(), id)
	switch {
	case err == nil:
		c.Header("Cache-Control", "no-cache, no-store, must-revalidate")
		c.Header("X-Content-Type-Options", "nosniff")
		c.Data(http.StatusOK, "image/png", image)
	case errors.Is(err, errNotAuthorized):
		web.JSON(c, http.StatusForbidden, qrFailure{Error: err.Error()})
	case errors.Is(err, errNoQR):
		web.JSON(c, http.StatusNotFound, qrFailure{Error: err.Error()})
	default:
		if !web.Gone(c) {
			h.out.SessionsFailed("qr", id, err)
		}
		web.JSON(c, http.StatusInternalServerError, qrFailure{"Error generando QR", text(err)})
	}
}

func (h Controller) list(c *gin.Context) {
	items, err := h.service.List(c.Request.Context())
	if err != nil {
		h.fail(c, "sessions", auth.CurrentUser(c).ClienteID, err)
		return
	}
	web.JSON(c, http.StatusOK, items)
}

func (h Controller) adminLogin(c *gin.Context) {
	id, ok := customer(c)
	if !ok {
		return
	}
	state, err := h.service.Start(c.Request.Context(), id)
	if err != nil {
		h.fail(c, "admin/login", id, err)
		return
	}
	web.JSON(c, http.StatusOK, stateBody{true, "Inicializando conexión WhatsApp", state})
}

func (h Controller) adminLogout(c *gin.Context) {
	if _, ok := customer(c); ok {
		h.logout(c)
	}
}

// customer returns the customer whom the body names, with a number or its digits. If
// that is none, the answer is out.
func customer(c *gin.Context) (int64, bool) {
	var keys map[string]json.RawMessage
	err := web.Decode(c, &keys)
	written := string(keys["cliente_id"])
	var digits string
	if json.Unmarshal(keys["cliente_id"], &digits) == nil && digits != "" {
		written = digits
	}
	id, ok := web.ID(written)
	if err != nil || !ok {
		fail(c, http.StatusBadRequest, "cliente_id requerido")
		return 0, false
	}
	return id, true
}

// refusal is the error envelope of these routes.
type refusal struct {
	Success bool   `json:"success"`
	Error   string `json:"error"`
}

func fail(c *gin.Context, status int, message string) {
	web.JSON(c, status, refusal{Error: message})
}

// fail answers for a call that failed; what names it in the log.
func (h Controller) fail(c *gin.Context, what string, clienteID int64, err error) {
	if errors.Is(err, errNotAuthorized) {
		fail(c, http.StatusForbidden, err.Error())
		return
	}
	if !web.Gone(c) {
		h.out.SessionsFailed(what, clienteID, err)
	}
	fail(c, http.StatusInternalServerError, text(err))
}

// text returns what a client may know of an error.
func text(err error) string {
	var ours failure
	var upstream *sessionmanager.Error
	switch {
	case errors.As(err, &ours):
		return ours.Error()
	case errors.As(err, &upstream):
		return upstream.Error()
	default:
		return "Error interno del servidor"
	}
}
