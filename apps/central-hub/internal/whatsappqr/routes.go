package whatsappqr

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Routes mounts the public routes, and those of administrators behind guards, which
// let nobody else through.
func Routes(r gin.IRoutes, public Controller, admin AdminController, guards ...gin.HandlerFunc) {
	web.Both(r, http.MethodGet, "/whatsapp/:clienteId/status", public.status)
	web.Both(r, http.MethodGet, "/whatsapp/:clienteId/qr", public.qr)

	guarded := func(handler gin.HandlerFunc) []gin.HandlerFunc {
		return append(slices.Clone(guards), handler)
	}
	web.Both(r, http.MethodPost, "/admin/whatsapp/authorize-qr", guarded(admin.authorize)...)
	web.Both(r, http.MethodDelete, "/admin/whatsapp/:clienteId/qr", guarded(admin.revoke)...)
	web.Both(r, http.MethodGet, "/admin/whatsapp/qr-sessions", guarded(admin.list)...)
}
