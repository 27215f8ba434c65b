package hub

import (
	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/apidoc"
	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/health"
	"github.com/leadmaster/hub/apps/central-hub/internal/sessions"
	"github.com/leadmaster/hub/apps/central-hub/internal/status"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
	"github.com/leadmaster/hub/apps/central-hub/internal/whatsappqr"
)

// modules are the controllers of all routes, and the middleware that guards some.
type modules struct {
	health       health.Controller
	status       status.Controller
	auth         auth.Controller
	whatsapp     whatsappqr.Controller
	admin        whatsappqr.AdminController
	sessions     sessions.Controller
	authenticate gin.HandlerFunc
}

// mount routes everything. What no route claims belongs to the frontend, except for the
// API's own paths.
func (m modules) mount(engine *gin.Engine, frontend web.Frontend) {
	apidoc.Routes(engine)
	health.Routes(engine, m.health)
	status.Routes(engine, m.status)
	auth.Routes(engine, m.auth, m.authenticate)
	whatsappqr.Routes(engine, m.whatsapp, m.admin, m.authenticate, auth.RequireAdmin)
	sessions.Routes(engine, m.sessions, m.authenticate, auth.RequireAdmin)
	engine.NoRoute(func(c *gin.Context) {
		if web.IsAPI(c.Request.URL.Path) || !frontend.Serve(c) {
			web.NotFound(c)
		}
	})
}

// newEngine returns a gin that prints nothing and has the middleware in place: first
// what observes requests, which is to see all that comes of them.
func newEngine(out *console.Console, observers ...gin.HandlerFunc) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	// A redirect of gin's own would pass the middleware by.
	engine.RedirectTrailingSlash = false
	engine.Use(web.RequestID)
	engine.Use(observers...)
	engine.Use(web.Recover(out), web.CORS, web.Headers, web.Body)
	return engine
}
