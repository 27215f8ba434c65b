package health

import (
	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Routes mounts the two health routes, which need no authentication.
func Routes(r gin.IRoutes, controller Controller) {
	web.Get(r, "/health", controller.report)
	web.Get(r, "/api/health", controller.detail)
}
