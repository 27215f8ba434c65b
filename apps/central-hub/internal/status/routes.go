package status

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Routes mounts the status route, which needs no authentication.
func Routes(r gin.IRoutes, controller Controller) {
	web.Both(r, http.MethodGet, "/status", controller.status)
}
