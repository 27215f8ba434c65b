package health

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Controller answers requests from a Service.
type Controller struct {
	service Service
}

// NewController returns a controller that answers from service.
func NewController(service Service) Controller {
	return Controller{service}
}

func (h Controller) report(c *gin.Context) {
	web.JSON(c, http.StatusOK, h.service.Report(time.Now()))
}

func (h Controller) detail(c *gin.Context) {
	web.JSON(c, http.StatusOK, h.service.Detail(time.Now()))
}
