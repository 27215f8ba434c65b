package web

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// Get routes GET and HEAD, which gin keeps apart; net/http drops the body of an
// answer to HEAD.
func Get(r gin.IRoutes, path string, handlers ...gin.HandlerFunc) {
	r.GET(path, handlers...)
	r.HEAD(path, handlers...)
}

// Both routes a path of the API with the prefix /api, which is its canonical form, and
// without, as behind a proxy that strips it. GET is HEAD too.
func Both(r gin.IRoutes, method, path string, handlers ...gin.HandlerFunc) {
	for _, path := range []string{"/api" + path, path} {
		if method == http.MethodGet {
			Get(r, path, handlers...)
		} else {
			r.Handle(method, path, handlers...)
		}
	}
}
