package whatsappqr

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// refusal is the error envelope of this module's routes.
type refusal struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Message string `json:"message"`
}

const alreadyConnected = "SESSION_ALREADY_CONNECTED"

func refuse(c *gin.Context, status int, code, message string) {
	web.JSON(c, status, refusal{Error: code, Message: message})
}

// customer returns the customer whom the path names. If that is none, the answer is out.
func customer(c *gin.Context) (int64, bool) {
	id, ok := web.ID(c.Param("clienteId"))
	if !ok {
		refuseCustomer(c)
	}
	return id, ok
}

func refuseCustomer(c *gin.Context) {
	refuse(c, http.StatusBadRequest, "INVALID_CLIENT_ID", "clienteId debe ser un número positivo")
}

func refuseInternal(c *gin.Context, message string) {
	refuse(c, http.StatusInternalServerError, "INTERNAL_ERROR", message)
}

// refuseUpstream answers for a failed call of the Session Manager.
func refuseUpstream(c *gin.Context, id int64, err error) {
	var failed *sessionmanager.Error
	switch {
	case errors.Is(err, sessionmanager.SessionNotFound):
		refuse(c, http.StatusNotFound, "SESSION_NOT_FOUND", fmt.Sprintf("Sesión no encontrada para cliente %d", id))
	case errors.Is(err, sessionmanager.Timeout):
		refuse(c, http.StatusGatewayTimeout, "GATEWAY_TIMEOUT", "Session Manager no respondió a tiempo")
	case errors.Is(err, sessionmanager.Unreachable):
		refuse(c, http.StatusBadGateway, "SESSION_MANAGER_UNAVAILABLE", "Session Manager no está disponible")
	case errors.As(err, &failed):
		refuseInternal(c, failed.Error())
	default:
		// Its text may be about more than a client is to know.
		refuseInternal(c, internalError)
	}
}

const internalError = "Error interno del servidor"
