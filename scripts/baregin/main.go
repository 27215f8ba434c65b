// Baregin is what central-hub's /health is compared with: gin and nothing else, with the
// same answer and the same CORS header. It serves on the port that its argument names.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: baregin PORT")
		os.Exit(2)
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/health", func(c *gin.Context) {
		c.Header("Access-Control-Allow-Origin", "*")
		c.JSON(http.StatusOK, struct {
			Status    string `json:"status"`
			Service   string `json:"service"`
			Timestamp string `json:"timestamp"`
		}{"healthy", "central-hub", time.Now().UTC().Format("2006-01-02T15:04:05.000Z")})
	})
	if err := engine.Run("127.0.0.1:" + os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "baregin:", err)
		os.Exit(1)
	}
}
