package sessions

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Routes mounts the routes, all behind authenticate, and those of administrators
// behind requireAdmin too.
func Routes(r gin.IRoutes, controller Controller, authenticate, requireAdmin gin.HandlerFunc) {
	const prefix = "/session-manager"
	web.Both(r, http.MethodGet, prefix+"/status", authenticate, controller.status)
	web.Both(r, http.MethodGet, prefix+"/state", authenticate, controller.state)
	web.Both(r, http.MethodPost, prefix+"/login", authenticate, controller.login)
	web.Both(r, http.MethodPost, prefix+"/logout", authenticate, controller.logout)
	web.Both(r, http.MethodGet, prefix+"/qr", authenticate, controller.qr)

	web.Both(r, http.MethodGet, prefix+"/sessions", authenticate, requireAdmin, controller.list)
	web.Both(r, http.MethodPost, prefix+"/admin/login", authenticate, requireAdmin, controller.adminLogin)
	web.Both(r, http.MethodPost, prefix+"/admin/logout", authenticate, requireAdmin, controller.adminLogout)
}
