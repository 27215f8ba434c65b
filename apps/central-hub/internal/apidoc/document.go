// Package apidoc holds the description of the hub's API for clients, in the form of
// OpenAPI 3.1. It is written by hand; apidoctest holds answers and routes against it.
package apidoc

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

//go:embed openapi.json
var document string

// Document returns the description, as JSON.
func Document() []byte { return []byte(document) }

// Routes mounts the description, which needs no authentication.
func Routes(r gin.IRoutes) {
	text := Document()
	web.Get(r, "/api/openapi.json", func(c *gin.Context) {
		c.Data(http.StatusOK, "application/json; charset=utf-8", text)
	})
}
