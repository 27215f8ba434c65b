package web

import "github.com/gin-gonic/gin"

// Get routes GET and HEAD, which gin keeps apart; net/http drops the body of an
// answer to HEAD.
func Get(r gin.IRoutes, path string, handler gin.HandlerFunc) {
	r.GET(path, handler)
	r.HEAD(path, handler)
}
