// Package health answers whether the hub is up. It checks nothing else: what
// the hub depends on may be down while the hub is healthy.
package health

import (
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Report is the body for load balancers and the operators' checks, who compare
// its beginning byte by byte: the order of the keys counts.
type Report struct {
	Status    string `json:"status"`
	Service   string `json:"service"`
	Timestamp string `json:"timestamp"`
}

// Detail is the body for the frontend.
type Detail struct {
	Report
	// Uptime is in seconds.
	Uptime      float64 `json:"uptime"`
	Environment string  `json:"environment"`
}

// Service knows since when the hub runs, and as what.
type Service struct {
	start       time.Time
	environment string
}

// NewService returns the service of a hub that started at start.
func NewService(start time.Time, environment string) Service {
	return Service{start, environment}
}

// Report returns the hub's health at the instant now.
func (s Service) Report(now time.Time) Report {
	return Report{Status: "healthy", Service: "central-hub", Timestamp: web.Timestamp(now)}
}

// Detail returns the hub's health at the instant now, with its age.
func (s Service) Detail(now time.Time) Detail {
	return Detail{s.Report(now), now.Sub(s.start).Seconds(), s.environment}
}
