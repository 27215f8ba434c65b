// Package metrics gives Prometheus the hub's figures: requests, runtime, process, the
// database's pool, and the state that package status finds. A hub that is not asked for
// them makes none of it.
package metrics

import (
	"database/sql"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
)

// Metrics are the figures of one hub, in a registry of its own.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	out      *console.Console
}

// New returns the metrics of a hub with this pool and this state. What goes wrong
// with them is printed to out.
func New(pool *sql.DB, reporter Reporter, out *console.Console) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "leadmaster_http_request_duration_seconds",
			Help: "Time from a request's header to the end of its handler, by the pattern of its route.",
			// From a health check to the limit for a call of the Session Manager.
			Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route", "status"}),
		out: out,
	}
	m.registry.MustRegister(
		m.requests,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(pool, "hub"),
		newStatusCollector(reporter),
	)
	return m
}

// Requests is the middleware that observes each request. It comes before Recover, so
// that the status is the one that the client got.
func (m *Metrics) Requests(c *gin.Context) {
	begun := time.Now()
	// Also for an answer that was cut in the middle.
	defer func() {
		m.requests.WithLabelValues(method(c), route(c), strconv.Itoa(c.Writer.Status())).
			Observe(time.Since(begun).Seconds())
	}()
	c.Next()
}

// method keeps the number of methods small, whatever clients make up.
func method(c *gin.Context) string {
	switch m := c.Request.Method; m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	default:
		return "other"
	}
}

// route keeps the number of routes small: the pattern, and one for all that no route
// has, files of the frontend among them.
func route(c *gin.Context) string {
	if pattern := c.FullPath(); pattern != "" {
		return pattern
	}
	return "none"
}

// Handler answers GET /metrics, and nothing else.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: m.out.ErrorLog(),
		// The figures that there are, rather than none.
		ErrorHandling: promhttp.ContinueOnError,
		// Each may wait five seconds for the checks of a status.
		MaxRequestsInFlight: 4,
	}))
	return mux
}
