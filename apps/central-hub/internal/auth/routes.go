package auth

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Routes mounts the auth routes; authenticate guards those that need a user.
func Routes(r gin.IRoutes, controller Controller, authenticate gin.HandlerFunc) {
	web.Both(r, http.MethodPost, "/auth/login", controller.login)
	web.Both(r, http.MethodPost, "/auth/verify", controller.verify)
	web.Both(r, http.MethodGet, "/auth/me", authenticate, controller.me)
	web.Both(r, http.MethodPost, "/auth/change-password", authenticate, controller.changePassword)
	web.Both(r, http.MethodPost, "/auth/logout", authenticate, controller.logout)
}
