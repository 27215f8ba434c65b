// Package hub puts the modules of the hub together: repositories, services, controllers
// and routes over one database.
package hub

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/auth"
	"github.com/leadmaster/hub/apps/central-hub/internal/config"
	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/database"
	"github.com/leadmaster/hub/apps/central-hub/internal/health"
	"github.com/leadmaster/hub/apps/central-hub/internal/metrics"
	"github.com/leadmaster/hub/apps/central-hub/internal/sessionmanager"
	"github.com/leadmaster/hub/apps/central-hub/internal/sessions"
	"github.com/leadmaster/hub/apps/central-hub/internal/status"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
	"github.com/leadmaster/hub/apps/central-hub/internal/whatsappqr"
)

// Hub is the service without its sockets.
type Hub struct {
	// Handler answers requests.
	Handler http.Handler
	out     *console.Console
	usage   *status.Process
	metrics *metrics.Metrics // nil: nobody asks for them
	address string
}

// New returns a hub on db that prints to out. The database may be down, or not be
// migrated yet.
func New(cfg config.Config, db *database.DB, out *console.Console) (*Hub, error) {
	manager, err := sessionmanager.New(cfg.SessionManager, out)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	h := &Hub{out: out, usage: status.NewProcess(time.Now), address: cfg.MetricsAddress}
	reporter := status.NewService(status.Identity{
		Environment: cfg.Environment, Start: start, SessionManager: cfg.SessionManager,
	}, db, prober{manager}, h.usage, out, time.Now)
	observers := h.observers(cfg, db, reporter)
	engine := newEngine(out, observers...)
	modulesOf(cfg, db, out, manager, reporter, start).mount(engine, web.Frontend{Dir: cfg.Frontend})
	h.Handler = engine
	return h, nil
}

// observers are the middleware for what cfg asks for.
func (h *Hub) observers(cfg config.Config, db *database.DB, reporter *status.Service) (list []gin.HandlerFunc) {
	if cfg.AccessLog {
		list = append(list, web.AccessLog(h.out, web.Proxies(cfg.TrustedProxies).Client))
	}
	if cfg.MetricsAddress != "" {
		h.metrics = metrics.New(db.DB, reporter, h.out)
		list = append(list, h.metrics.Requests)
	}
	return list
}

func modulesOf(cfg config.Config, db *database.DB, out *console.Console, manager *sessionmanager.Client, reporter *status.Service, start time.Time) modules {
	tokens := auth.NewTokens(cfg.Secret, time.Now)
	users := auth.NewService(auth.NewRepository(db, time.Now), tokens, auth.NewLimiter(time.Now), out)
	qr := whatsappqr.NewService(whatsappqr.NewRepository(db, time.Now), out)
	return modules{
		health:       health.NewController(health.NewService(start, cfg.Environment)),
		status:       status.NewController(reporter, time.Now),
		auth:         auth.NewController(users, web.Proxies(cfg.TrustedProxies).Client),
		whatsapp:     whatsappqr.NewController(qr, manager, out),
		admin:        whatsappqr.NewAdminController(qr, time.Now),
		sessions:     sessions.NewController(sessions.NewService(manager, qr, qr.Customers, out), out),
		authenticate: auth.Authenticate(tokens, out),
	}
}

// Start begins what goes on beside requests until ctx ends: the average of the CPU's
// use, and the figures for Prometheus, whose address may be taken.
func (h *Hub) Start(ctx context.Context) error {
	h.out.Go("cpu", func() { h.usage.Run(ctx) })
	if h.metrics == nil {
		return nil
	}
	server, err := h.metrics.Listen(h.address)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, server.Close)
	return nil
}
