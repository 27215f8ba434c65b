package status

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/web"
)

// Identity is what the hub says of itself.
type Identity struct {
	// Version is the hub's; empty: 1.0.0.
	Version     string
	Environment string
	Start       time.Time
	// SessionManager is the base URL of the Session Manager. What of it is secret is
	// not shown.
	SessionManager string
}

// Usage measures the hub's process, as a Process does.
type Usage interface {
	// Memory returns the resident set in bytes.
	Memory() (int64, error)
	// CPU returns the share of all cores, in percent.
	CPU() (float64, error)
}

// Service finds out how well the hub is. It is safe for concurrent use.
type Service struct {
	identity Identity
	database Pinger
	manager  Prober
	usage    Usage
	out      *console.Console
	now      func() time.Time

	mu sync.Mutex
	// current is the inspection that runs; nil: none.
	current *inspection
	// said is the state that the log knows. Each inspection has it to itself.
	said State
}

// NewService returns the service of the hub that identity describes. It prints to out
// when the state changes, and goes by the clock now.
func NewService(identity Identity, database Pinger, manager Prober, usage Usage, out *console.Console, now func() time.Time) *Service {
	identity.Version = cmp.Or(identity.Version, "1.0.0")
	identity.SessionManager = publicURL(identity.SessionManager)
	return &Service{
		identity: identity, database: database, manager: manager, usage: usage, out: out, now: now, said: Healthy,
	}
}

// inspection is one look at everything. Its report and err are set when done is closed.
type inspection struct {
	done   chan struct{}
	report Report
	err    error
}

// Report returns how well the hub is. Who asks while others wait for the same gets what
// they get, so that many who ask keep one connection of the database busy and not all.
// The error is of use for the log alone, where it is already unless it is that of ctx.
func (s *Service) Report(ctx context.Context) (Report, error) {
	i := s.join()
	select {
	case <-i.done:
		return i.report, i.err
	case <-ctx.Done():
		return Report{}, ctx.Err()
	}
}

// join returns the inspection that runs, and begins one if none does. It is nobody's
// alone, and so it has no request's context.
func (s *Service) join() *inspection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		i := &inspection{done: make(chan struct{})}
		s.current = i
		s.out.Go("status", func() { s.inspect(context.Background(), i) })
	}
	return s.current
}

func (s *Service) inspect(ctx context.Context, i *inspection) {
	defer func() {
		s.mu.Lock()
		s.current = nil
		s.mu.Unlock()
		close(i.done)
	}()
	var stack []byte
	i.report, stack, i.err = s.look(ctx)
	s.tell(i, stack)
}

// look returns the stack too where the error was a panic.
func (s *Service) look(ctx context.Context) (r Report, stack []byte, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			stack, err = debug.Stack(), fmt.Errorf("%v", reason)
		}
	}()
	r, err = s.build(ctx)
	return r, nil, err
}

// failed is the state that has no Report.
const failed State = "error"

// tell prints the state if it is a new one and not a good one.
func (s *Service) tell(i *inspection, stack []byte) {
	state := i.report.Status
	if i.err != nil {
		state = failed
	}
	before := s.said
	s.said = state
	switch {
	case state == before || state == Healthy:
	case state == failed:
		s.out.StatusUnknown(i.err, stack)
	default:
		s.out.NotHealthy(string(state), indented(i.report.Dependencies))
	}
}

func indented(d Dependencies) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		panic(fmt.Errorf("encode %T: %w", d, err))
	}
	return text.Bytes()
}

func (s *Service) build(ctx context.Context) (Report, error) {
	memory, err := s.usage.Memory()
	if err != nil {
		return Report{}, err
	}
	cpu, err := s.usage.CPU()
	if err != nil {
		return Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	ping := s.start(ctx, "status of the database", func(ctx context.Context) (bool, error) {
		return false, s.database.Ping(ctx)
	})
	probe := s.start(ctx, "status of the Session Manager", s.manager.Probe)
	return s.report(memory, cpu, s.wait(ctx, ping), s.wait(ctx, probe)), nil
}

func (s *Service) report(memory int64, cpu float64, pinged, probed result) Report {
	now := s.now()
	share := 100 * float64(memory) / memoryLimit
	return Report{
		Status:      worst(databaseState(pinged), sessionManagerState(probed), usage(share), usage(cpu)),
		Service:     serviceName,
		Version:     s.identity.Version,
		Timestamp:   web.Timestamp(now),
		Uptime:      int64(now.Sub(s.identity.Start) / time.Second),
		Environment: s.identity.Environment,
		System: System{
			Memory{Used: memory, Total: memoryLimit, UsagePercent: oneDecimal(share), Warning: usage(share) != Healthy},
			CPU{UsagePercent: oneDecimal(cpu)},
		},
		Dependencies: Dependencies{s.databaseOf(pinged), s.managerOf(probed)},
		HealthChecks: [2]Check{
			check("database", pinged, databaseReason),
			check("session_manager", probed, sessionManagerReason),
		},
	}
}

func (s *Service) databaseOf(r result) Database {
	d := Database{Status: "connected", Host: publicHost(s.database.Host())}
	if r.err != nil {
		d.Status = "disconnected"
	}
	d.LatencyMS, d.Error = answered(r, databaseReason)
	return d
}

func (s *Service) managerOf(r result) SessionManager {
	m := SessionManager{Status: "online", URL: s.identity.SessionManager, WhatsAppConnected: r.err == nil && r.connected}
	if r.err != nil {
		m.Status = "unreachable"
	}
	m.LatencyMS, m.Error = answered(r, sessionManagerReason)
	return m
}

// answered returns the latency of a check that passed, or the reason of one that failed.
func answered(r result, reason func(error) string) (latencyMS *int64, failure *string) {
	if r.err != nil {
		why := reason(r.err)
		return nil, &why
	}
	took := r.took.Milliseconds()
	return &took, nil
}

func check(name string, r result, reason func(error) string) Check {
	c := Check{Name: name, Status: "pass", DurationMS: r.took.Milliseconds()}
	if r.err != nil {
		c.Status, c.Error = "fail", reason(r.err)
	}
	return c
}

func oneDecimal(percent float64) float64 { return math.Round(10*percent) / 10 }
