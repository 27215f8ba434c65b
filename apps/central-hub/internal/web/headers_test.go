package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	engine := newEngine()
	engine.Use(Headers)
	engine.GET("/x", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	for size, want := range map[int]int{100: 204, MaxHeaders - 100: 204, MaxHeaders: 431} {
		for name, r := range map[string]*http.Response{
			"one":   do(engine, "GET", "/x", nil, "Cookie", strings.Repeat("x", size)),
			"query": do(engine, "GET", "/x?"+strings.Repeat("x", size), nil),
		} {
			if r.StatusCode != want {
				t.Errorf("%s of %d bytes: %d, want %d", name, size, r.StatusCode, want)
			}
			if want == 431 && text(t, r) != `{"success":false,"message":"Las cabeceras superan el límite de 16 kB"}` {
				t.Errorf("%s of %d bytes: another body", name, size)
			}
		}
	}
}
