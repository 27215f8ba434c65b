// Package status tells how well the hub is: itself, its database and the Session
// Manager. It is for monitoring and for people; package health is for load balancers,
// which must not take a hub away because what it depends on is down.
package status

// State is how well the hub is.
type State string

// The states, from good to bad.
const (
	Healthy   State = "healthy"
	Degraded  State = "degraded"
	Unhealthy State = "unhealthy"
)

// Report is the body of an answer. The order of the keys is the published one.
type Report struct {
	Status    State  `json:"status"`
	Service   string `json:"service"`
	Version   string `json:"version"`
	Timestamp string `json:"timestamp"`
	// Uptime is in whole seconds.
	Uptime       int64        `json:"uptime"`
	Environment  string       `json:"environment"`
	System       System       `json:"system"`
	Dependencies Dependencies `json:"dependencies"`
	HealthChecks [2]Check     `json:"health_checks"`
}

// System is what the hub's own process uses.
type System struct {
	Memory Memory `json:"memory"`
	CPU    CPU    `json:"cpu"`
}

// Memory is the resident set against the size at which the process manager restarts
// the hub.
type Memory struct {
	Used         int64   `json:"used"`          // bytes
	Total        int64   `json:"total"`         // bytes
	UsagePercent float64 `json:"usage_percent"` // of Total, one decimal
	Warning      bool    `json:"warning"`
}

// CPU is the time on CPUs.
type CPU struct {
	UsagePercent float64 `json:"usage_percent"` // of all cores, one decimal
}

// Dependencies is what the hub depends on.
type Dependencies struct {
	Database       Database       `json:"database"`
	SessionManager SessionManager `json:"session_manager"`
}

// Database tells whether the database answers.
type Database struct {
	Status string `json:"status"` // connected or disconnected
	Host   string `json:"host"`
	// LatencyMS is nil, and Error is not, when it does not answer.
	LatencyMS *int64  `json:"latency_ms"`
	Error     *string `json:"error"`
}

// SessionManager tells whether the Session Manager answers.
type SessionManager struct {
	Status string `json:"status"` // online or unreachable
	URL    string `json:"url"`
	// LatencyMS is nil, and Error is not, when it does not answer.
	LatencyMS         *int64  `json:"latency_ms"`
	WhatsAppConnected bool    `json:"whatsapp_connected"`
	Error             *string `json:"error"`
}

// Check is one entry of health_checks.
type Check struct {
	Name       string `json:"name"`
	Status     string `json:"status"` // pass or fail
	DurationMS int64  `json:"duration_ms"`
	Error      string `json:"error,omitempty"`
}

// failure is the body when there is no Report.
type failure struct {
	Status    string `json:"status"`
	Service   string `json:"service"`
	Timestamp string `json:"timestamp"`
	Error     string `json:"error"`
}

const serviceName = "leadmaster-central-hub"
