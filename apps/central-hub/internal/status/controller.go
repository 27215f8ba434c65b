package status

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Controller answers requests from a Service.
type Controller struct {
	service *Service
	now     func() time.Time
}

// NewController returns a controller that answers from service, by the clock now.
func NewController(service *Service, now func() time.Time) Controller {
	return Controller{service, now}
}

func (h Controller) status(c *gin.Context) {
	// An old state is none.
	c.Header("Cache-Control", "no-store")
	report, err := h.service.Report(c.Request.Context())
	switch {
	case err != nil:
		web.JSON(c, http.StatusServiceUnavailable, failure{
			"error", serviceName, web.Timestamp(h.now()), "Failed to perform health checks",
		})
	case report.Status == Unhealthy:
		web.JSON(c, http.StatusServiceUnavailable, report)
	default:
		web.JSON(c, http.StatusOK, report)
	}
}
