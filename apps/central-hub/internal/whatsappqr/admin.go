package whatsappqr

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Authorizations is what an AdminController needs of a Service.
type Authorizations interface {
	AuthorizeQrSession(ctx context.Context, clientID, authorizedBy int64, expiresAt *time.Time) AuthorizeResult
	RevokeQrSession(ctx context.Context, clientID int64, revokedBy *int64) RevokeResult
	// ActiveSession returns the customer's authorization if it is in force, else nil.
	ActiveSession(ctx context.Context, clientID int64) (*Authorization, error)
	// ActiveSessions returns the authorizations that are in force.
	ActiveSessions(ctx context.Context) ([]Authorization, error)
}

// The life of an authorization, in minutes.
const (
	defaultMinutes = 60
	maxMinutes     = 24 * 60
)

// grantLimit is how long an authorization may take, the wait for others included: less
// than a process has to end.
const grantLimit = 3 * time.Second

// AdminController answers administrators.
type AdminController struct {
	authorizations Authorizations
	now            func() time.Time
	// granting is a turn, from the look whether there is an authorization until there is
	// one: of two requests at once one is to be told of the other's.
	granting chan struct{}
}

// NewAdminController returns a controller over authorizations, by the clock now.
func NewAdminController(authorizations Authorizations, now func() time.Time) AdminController {
	return AdminController{authorizations, now, make(chan struct{}, 1)}
}

type authorizedBody struct {
	OK            bool           `json:"ok"`
	Authorization authorizedItem `json:"authorization"`
	Message       string         `json:"message"`
}

type authorizedItem struct {
	ID        int64   `json:"id"`
	ClienteID int64   `json:"clienteId"`
	EnabledAt string  `json:"enabledAt"`
	ExpiresAt *string `json:"expiresAt"`
}

// authorize lets a customer have QR codes for some minutes, unless that is so already.
func (h AdminController) authorize(c *gin.Context) {
	id, life, ok := order(c)
	if !ok {
		return
	}
	granted, status := h.grant(c.Request.Context(), id, auth.CurrentUser(c).ID, h.now().Add(life))
	switch status {
	case http.StatusOK:
		web.JSON(c, status, authorizedBody{true, granted, fmt.Sprintf("Autorización QR creada para cliente %d", id)})
	case http.StatusConflict:
		refuse(c, status, "ACTIVE_AUTHORIZATION_EXISTS", fmt.Sprintf("El cliente %d ya tiene una autorización QR activa", id))
	default:
		refuseInternal(c, internalError)
	}
}

// grant authorizes and returns the HTTP status that tells how that went.
func (h AdminController) grant(ctx context.Context, id, admin int64, until time.Time) (authorizedItem, int) {
	ctx, cancel := context.WithTimeout(ctx, grantLimit)
	defer cancel()
	select {
	case h.granting <- struct{}{}:
		defer func() { <-h.granting }()
	case <-ctx.Done():
		return authorizedItem{}, http.StatusInternalServerError
	}
	before, err := h.authorizations.ActiveSession(ctx, id)
	if err != nil {
		return authorizedItem{}, http.StatusInternalServerError
	}
	if before != nil {
		return authorizedItem{}, http.StatusConflict
	}
	if h.authorizations.AuthorizeQrSession(ctx, id, admin, &until).Status != "AUTHORIZED" {
		return authorizedItem{}, http.StatusInternalServerError
	}
	row, err := h.authorizations.ActiveSession(ctx, id)
	if err != nil || row == nil {
		return authorizedItem{}, http.StatusInternalServerError
	}
	return authorizedItem{row.ID, id, web.Timestamp(row.EnabledAt), web.NullTimestamp(row.ExpiresAt)}, http.StatusOK
}

// order reads whom to authorize, and for how long. If that can't be, the answer is out.
func order(c *gin.Context) (id int64, life time.Duration, ok bool) {
	var keys map[string]json.RawMessage
	if err := web.Decode(c, &keys); err != nil {
		refuseCustomer(c)
		return 0, 0, false
	}
	if id, ok = web.ID(string(keys["clienteId"])); !ok {
		refuseCustomer(c)
		return 0, 0, false
	}
	minutes := int64(defaultMinutes)
	if given, has := keys["durationMinutes"]; has {
		minutes, ok = web.ID(string(given))
	}
	if !ok || minutes > maxMinutes {
		refuse(c, http.StatusBadRequest, "INVALID_DURATION",
			fmt.Sprintf("durationMinutes debe ser un número entero entre 1 y %d", maxMinutes))
		return 0, 0, false
	}
	return id, time.Duration(minutes) * time.Minute, true
}

type messageBody struct {
	OK      bool   `json:"ok"`
	Message string `json:"message"`
}

// revoke ends an authorization that is in force.
func (h AdminController) revoke(c *gin.Context) {
	id, ok := customer(c)
	if !ok {
		return
	}
	before, err := h.authorizations.ActiveSession(c.Request.Context(), id)
	if err != nil {
		refuseInternal(c, internalError)
		return
	}
	status := "NOT_FOUND"
	if before != nil {
		admin := auth.CurrentUser(c).ID
		status = string(h.authorizations.RevokeQrSession(c.Request.Context(), id, &admin).Status)
	}
	switch status {
	case "REVOKED":
		web.JSON(c, http.StatusOK, messageBody{true, fmt.Sprintf("Autorización QR revocada para cliente %d", id)})
	case "NOT_FOUND":
		refuse(c, http.StatusNotFound, "NO_ACTIVE_AUTHORIZATION", fmt.Sprintf("El cliente %d no tiene una autorización QR activa", id))
	default:
		refuseInternal(c, internalError)
	}
}

type listBody struct {
	OK       bool       `json:"ok"`
	Sessions []listItem `json:"sessions"`
}

type listItem struct {
	ID               int64   `json:"id"`
	ClienteID        int64   `json:"clienteId"`
	EnabledByAdminID int64   `json:"enabledByAdminId"`
	EnabledAt        string  `json:"enabledAt"`
	ExpiresAt        *string `json:"expiresAt"`
	// RemainingMinutes counts one that has begun; null without an end.
	RemainingMinutes *int64 `json:"remainingMinutes"`
}

// list answers with the authorizations in force, those that end first in front.
func (h AdminController) list(c *gin.Context) {
	all, err := h.authorizations.ActiveSessions(c.Request.Context())
	if err != nil {
		refuseInternal(c, internalError)
		return
	}
	body := listBody{true, make([]listItem, 0, len(all))}
	for _, a := range all {
		body.Sessions = append(body.Sessions, listItem{
			a.ID, a.ClienteID, a.EnabledByAdminID, web.Timestamp(a.EnabledAt), web.NullTimestamp(a.ExpiresAt),
			h.remaining(a.ExpiresAt),
		})
	}
	web.JSON(c, http.StatusOK, body)
}

func (h AdminController) remaining(until *time.Time) *int64 {
	if until == nil {
		return nil
	}
	left := max(0, until.Sub(h.now()))
	minutes := int64((left + time.Minute - 1) / time.Minute)
	return &minutes
}
