package apidoctest

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// Routes returns what the description has, such as GET /api/whatsapp/:clienteId/qr, and
// HEAD for each GET.
func (v *Validator) Routes() []string {
	var all []string
	for r := range v.operations {
		all = append(all, r.method+" "+r.path)
		if r.method == http.MethodGet {
			all = append(all, http.MethodHead+" "+r.path)
		}
	}
	slices.Sort(all)
	return all
}

// Differences tells where an engine's routes and the description differ, in sentences.
func (v *Validator) Differences(routes gin.RoutesInfo) []string {
	described, served := v.Routes(), make([]string, 0, len(routes))
	for _, r := range routes {
		served = append(served, r.Method+" "+r.Path)
	}
	slices.Sort(served)
	var all []string
	for _, r := range served {
		if _, ok := slices.BinarySearch(described, r); !ok {
			all = append(all, fmt.Sprintf("%s is served and not described: add it to openapi.json", r))
		}
	}
	for _, r := range described {
		if _, ok := slices.BinarySearch(served, r); !ok {
			all = append(all, fmt.Sprintf("%s is described and not served: mount it, or take it out of openapi.json", r))
		}
	}
	return all
}
