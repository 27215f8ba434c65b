package server

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/config"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/health"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// NewRouter returns the hub's routes with the middleware around them. What no
// route claims belongs to the frontend, except for the API's own paths.
func NewRouter(cfg config.Config, out *console.Console) http.Handler {
	engine := newEngine(out)
	health.Routes(engine, health.NewController(health.NewService(time.Now(), cfg.Environment)))

	frontend := web.Frontend{Dir: cfg.Frontend}
	engine.NoRoute(func(c *gin.Context) {
		if web.IsAPI(c.Request.URL.Path) || !frontend.Serve(c) {
			web.NotFound(c)
		}
	})
	return engine
}

// newEngine returns a gin that prints nothing and has the middleware in place.
func newEngine(out *console.Console) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	// A redirect of gin's own would pass the middleware by.
	engine.RedirectTrailingSlash = false
	engine.Use(web.Recover(out), web.CORS, web.Body)
	return engine
}
