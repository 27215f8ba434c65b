package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/leadmaster/hub/apps/central-hub/internal/status"
)

// Reporter finds out how well the hub is, as status.Service does.
type Reporter interface {
	Report(ctx context.Context) (status.Report, error)
}

// reportLimit is more than a report takes; Prometheus gives up after ten seconds.
const reportLimit = 8 * time.Second

// statusCollector asks for the hub's state when it is scraped. Where there is none, the
// figures are missing.
type statusCollector struct {
	reporter                               Reporter
	state, memory, cpu                     *prometheus.Desc
	db, dbLatency, manager, managerLatency *prometheus.Desc
	whatsApp                               *prometheus.Desc
}

func newStatusCollector(reporter Reporter) *statusCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("leadmaster_"+name, help, labels, nil)
	}
	return &statusCollector{
		reporter:       reporter,
		state:          desc("status", "1 for the state that the hub is in, as in /status, 0 for the others.", "state"),
		memory:         desc("memory_usage_ratio", "Resident memory, as a share of the 300 MiB at which the hub is restarted."),
		cpu:            desc("cpu_usage_ratio", "The hub's share of all cores, over the last 30 seconds."),
		db:             desc("db_up", "1 when the database answers."),
		dbLatency:      desc("db_latency_seconds", "Time until the database's answer; missing when there is none."),
		manager:        desc("session_manager_up", "1 when the Session Manager answers."),
		managerLatency: desc("session_manager_latency_seconds", "Time until the Session Manager's answer; missing when there is none."),
		whatsApp:       desc("session_manager_whatsapp_connected", "1 when the Session Manager has a WhatsApp session that can send."),
	}
}

// Describe implements prometheus.Collector.
func (s *statusCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.state, s.memory, s.cpu, s.db, s.dbLatency, s.manager, s.managerLatency, s.whatsApp} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (s *statusCollector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), reportLimit)
	defer cancel()
	report, err := s.reporter.Report(ctx)
	if err != nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, state := range []status.State{status.Healthy, status.Degraded, status.Unhealthy} {
		gauge(s.state, one(report.Status == state), string(state))
	}
	gauge(s.memory, float64(report.System.Memory.Used)/float64(report.System.Memory.Total))
	gauge(s.cpu, report.System.CPU.UsagePercent/100)
	db, manager := report.Dependencies.Database, report.Dependencies.SessionManager
	gauge(s.db, one(db.Error == nil))
	gauge(s.manager, one(manager.Error == nil))
	gauge(s.whatsApp, one(manager.WhatsAppConnected))
	if db.LatencyMS != nil {
		gauge(s.dbLatency, float64(*db.LatencyMS)/1000)
	}
	if manager.LatencyMS != nil {
		gauge(s.managerLatency, float64(*manager.LatencyMS)/1000)
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
