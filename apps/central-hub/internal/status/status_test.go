package status

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/leadmaster/hub/apps/central-hub/internal/console"
	"github.com/leadmaster/hub/apps/central-hub/internal/console/consoletest"
)

// surroundings are what a test's hub depends on.
type surroundings struct {
	host     string
	manager  string
	ping     func(context.Context) error
	probe    func(context.Context) (bool, error)
	memory   int64
	cpu      float64
	measured error
	stderr   consoletest.Buffer
}

func healthy() *surroundings {
	return &surroundings{
		host: "db.example.org", manager: "http://localhost:3001", memory: 41943040, cpu: 2.5,
		ping:  func(context.Context) error { <-time.After(45 * time.Millisecond); return nil },
		probe: func(context.Context) (bool, error) { <-time.After(12 * time.Millisecond); return true, nil },
	}
}

func (s *surroundings) Ping(ctx context.Context) error          { return s.ping(ctx) }
func (s *surroundings) Host() string                            { return s.host }
func (s *surroundings) Probe(ctx context.Context) (bool, error) { return s.probe(ctx) }
func (s *surroundings) Memory() (int64, error)                  { return s.memory, s.measured }
func (s *surroundings) CPU() (float64, error)                   { return s.cpu, nil }

func (s *surroundings) service() *Service {
	identity := Identity{Environment: "production", Start: time.Now().Add(-2 * time.Minute), SessionManager: s.manager}
	return NewService(identity, s, s, s, console.New(io.Discard, &s.stderr), time.Now)
}

func engine(service *Service) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	Routes(e, NewController(service, time.Now))
	return e
}

func get(t *testing.T, handler http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// after fails or succeeds after some time, looking at its context.
func after(d time.Duration, err error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func fails(err error) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) { return true, err }
}

const (
	upHead    = `{"status":"STATE","service":"leadmaster-central-hub","version":"1.0.0","timestamp":"2000-01-01T00:00:00.045Z","uptime":120,"environment":"production","system":{"memory":{"used":41943040,"total":314572800,"usage_percent":13.3,"warning":false},"cpu":{"usage_percent":2.5}},"dependencies":{"database":`
	upBase    = `{"status":"connected","host":"db.example.org","latency_ms":45,"error":null}`
	upManager = `,"session_manager":{"status":"online","url":"http://localhost:3001","latency_ms":12,"whatsapp_connected":true,"error":null}}`
)

// The bodies of section 3.2 of the contract, byte by byte.
func TestPublishedBodies(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 3306}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	tests := map[string]struct {
		change func(*surroundings)
		code   int
		want   string
	}{
		"healthy": {
			func(*surroundings) {}, 200,
			upHead + upBase + upManager + `,"health_checks":[{"name":"database","status":"pass","duration_ms":45},{"name":"session_manager","status":"pass","duration_ms":12}]}`,
		},
		"degraded": {
			func(s *surroundings) { s.probe = fails(refused) }, 200,
			upHead + upBase + `,"session_manager":{"status":"unreachable","url":"http://localhost:3001","latency_ms":null,"whatsapp_connected":false,"error":"ECONNREFUSED"}}` +
				`,"health_checks":[{"name":"database","status":"pass","duration_ms":45},{"name":"session_manager","status":"fail","duration_ms":0,"error":"ECONNREFUSED"}]}`,
		},
		"unhealthy": {
			func(s *surroundings) { s.ping = after(45*time.Millisecond, refused) }, 503,
			upHead + `{"status":"disconnected","host":"db.example.org","latency_ms":null,"error":"ECONNREFUSED"}` + upManager +
				`,"health_checks":[{"name":"database","status":"fail","duration_ms":45,"error":"ECONNREFUSED"},{"name":"session_manager","status":"pass","duration_ms":12}]}`,
		},
		"error": {
			func(s *surroundings) { s.measured = errors.New("no /proc") }, 503,
			`{"status":"error","service":"leadmaster-central-hub","timestamp":"2000-01-01T00:00:00.000Z","error":"Failed to perform health checks"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := healthy()
				test.change(s)
				e := engine(s.service())
				code, body := get(t, e, "/api/status")
				if want := strings.Replace(test.want, "STATE", name, 1); code != test.code || body != want {
					t.Errorf("got %d %s\nwant %d %s", code, body, test.code, want)
				}
				if code, _ := get(t, e, "/status"); code != test.code {
					t.Errorf("/status: %d, want %d", code, test.code)
				}
			})
		})
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	const limit = 314572800
	tests := map[string]struct {
		change func(*surroundings)
		want   State
	}{
		"database under 1 s":        {func(s *surroundings) { s.ping = after(time.Second-1, nil) }, Healthy},
		"database in 1 s":           {func(s *surroundings) { s.ping = after(time.Second, nil) }, Degraded},
		"database in 4.9 s":         {func(s *surroundings) { s.ping = after(4900*time.Millisecond, nil) }, Degraded},
		"database over 5 s":         {func(s *surroundings) { s.ping = after(5001*time.Millisecond, nil) }, Unhealthy},
		"database panics":           {func(s *surroundings) { s.ping = func(context.Context) error { panic("oops") } }, Unhealthy},
		"Session Manager down":      {func(s *surroundings) { s.probe = fails(HTTPError(503)) }, Degraded},
		"WhatsApp not connected":    {func(s *surroundings) { s.probe = func(context.Context) (bool, error) { return false, nil } }, Healthy},
		"memory under 80 %":         {func(s *surroundings) { s.memory = limit*80/100 - 1 }, Healthy},
		"memory 80 %":               {func(s *surroundings) { s.memory = limit * 80 / 100 }, Degraded},
		"memory 95 %":               {func(s *surroundings) { s.memory = limit * 95 / 100 }, Degraded},
		"memory over 95 %":          {func(s *surroundings) { s.memory = limit*95/100 + 1 }, Unhealthy},
		"CPU under 80 %":            {func(s *surroundings) { s.cpu = 79.99 }, Healthy},
		"CPU 80 %":                  {func(s *surroundings) { s.cpu = 80 }, Degraded},
		"CPU 95 %":                  {func(s *surroundings) { s.cpu = 95 }, Degraded},
		"CPU over 95 %":             {func(s *surroundings) { s.cpu = 95.01 }, Unhealthy},
		"degraded does not improve": {func(s *surroundings) { s.cpu, s.memory, s.probe = 96, limit*80/100, fails(io.EOF) }, Unhealthy},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := healthy()
				test.change(s)
				r, err := s.service().Report(t.Context())
				if err != nil || r.Status != test.want {
					t.Errorf("got %+v, %v, want %s", r, err, test.want)
				}
				if memory := r.System.Memory; memory.Warning != (memory.Used >= limit*80/100) {
					t.Errorf("memory %+v", memory)
				}
			})
		})
	}
}

// Whatever hangs, the answer comes after the limit of one check.
func TestLimit(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]func(context.Context) error{
		"looking at its context": after(time.Hour, nil),
		"deaf":                   func(context.Context) error { <-time.After(time.Minute); return nil },
		"driver's own error": func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("driver: bad connection")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := healthy()
				s.ping, s.probe = hang, func(ctx context.Context) (bool, error) { return true, hang(ctx) }
				begun := time.Now()
				r, _ := s.service().Report(t.Context())
				if took := time.Since(begun); took != 5*time.Second {
					t.Errorf("took %v", took)
				}
				if got, want := r.HealthChecks, [2]Check{{"database", "fail", 5000, "Database timeout"}, {"session_manager", "fail", 5000, "Session Manager timeout"}}; got != want {
					t.Errorf("checks %+v, want %+v", got, want)
				}
				<-time.After(time.Minute)
			})
		})
	}
}

// Requests that come while a check runs wait for that one.
func TestStormIsOneCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		var pings atomic.Int64
		s.ping = func(context.Context) error { pings.Add(1); <-time.After(time.Second / 2); return nil }
		service := s.service()
		reports := make(chan Report)
		for range 100 {
			go func() {
				r, _ := service.Report(t.Context())
				reports <- r
			}()
		}
		for range 100 {
			if r := <-reports; r.Status != Healthy {
				t.Errorf("got %+v", r)
			}
		}
		if got := pings.Load(); got != 1 {
			t.Errorf("%d pings", got)
		}
		if _, err := service.Report(t.Context()); err != nil || pings.Load() != 2 {
			t.Errorf("the next one: %v, %d pings", err, pings.Load())
		}
	})
}

// A client that leaves does not spoil the answer of those who wait for the same.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		s.ping = after(time.Second/2, nil)
		service := s.service()
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := service.Report(ctx)
			left <- err
		}()
		synctest.Wait()
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		if r, err := service.Report(t.Context()); err != nil || r.Status != Healthy {
			t.Errorf("who stayed got %+v, %v", r, err)
		}
		if s.stderr.String() != "" {
			t.Errorf("printed %s", &s.stderr)
		}
	})
}

const degradedLines = `⚠️ Sistema en estado: degraded
Detalles: {
  "database": {
    "status": "connected",
    "host": "db.example.org",
    "latency_ms": 45,
    "error": null
  },
  "session_manager": {
    "status": "unreachable",
    "url": "http://localhost:3001",
    "latency_ms": null,
    "whatsapp_connected": false,
    "error": "HTTP_503"
  }
}
`

func TestLogsChangesOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := healthy()
		service := s.service()
		expect := func(want string) {
			t.Helper()
			for range 2 {
				service.Report(t.Context())
			}
			if got := s.stderr.String(); got != want && (want == "" || !strings.HasPrefix(got, want)) {
				t.Errorf("printed %q, want %q", got, want)
			}
			if n := strings.Count(s.stderr.String(), "⚠️") + strings.Count(s.stderr.String(), "❌"); n > 1 {
				t.Errorf("printed %d times", n)
			}
			s.stderr.Reset()
		}
		expect("")
		up := s.probe
		s.probe = fails(HTTPError(503))
		expect(degradedLines)
		s.cpu = 96
		expect("⚠️ Sistema en estado: unhealthy\nDetalles: {\n")
		s.measured = errors.New("no memory")
		expect("❌ Error en /status: no memory\n")
		s.measured, s.cpu, s.probe = nil, 1, up
		expect("")
		s.probe = fails(HTTPError(503))
		expect(degradedLines)
	})
}

// panics cannot be measured.
type panics struct{}

func (panics) Memory() (int64, error) { panic("secret") }
func (panics) CPU() (float64, error)  { return 0, nil }

func TestPanicIsAnswered(t *testing.T) {
	t.Parallel()
	s := healthy()
	service := s.service()
	service.usage = panics{}
	code, body := get(t, engine(service), "/status")
	if code != 503 || !strings.HasPrefix(body, `{"status":"error"`) || strings.Contains(body, "secret") {
		t.Errorf("got %d %s", code, body)
	}
	if log := s.stderr.String(); !strings.HasPrefix(log, "❌ Error en /status: secret\ngoroutine ") {
		t.Errorf("printed %q", log)
	}
}

// Nothing of the network's plan, of users or of drivers' texts is in a body.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	s := healthy()
	s.host, s.manager = "10.20.30.40", "http://root:hunter2@10.20.30.41:3001/base?token=hunter2"
	failure := errors.New("dial tcp 10.20.30.40:3306: Access denied for root using hunter2")
	s.ping, s.probe = after(0, failure), fails(failure)
	_, body := get(t, engine(s.service()), "/status")
	for _, secret := range []string{"10.20", "root", "hunter2", "dial"} {
		if strings.Contains(body, secret) || strings.Contains(s.stderr.String(), secret) {
			t.Errorf("%q is in %s or in %s", secret, body, &s.stderr)
		}
	}
	var r Report
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	if r.Dependencies.Database.Host != "ip-address" || r.Dependencies.SessionManager.URL != "http://ip-address:3001/base" {
		t.Errorf("got %s", body)
	}
	if *r.Dependencies.Database.Error != "DATABASE_ERROR" || *r.Dependencies.SessionManager.Error != "SESSION_MANAGER_ERROR" {
		t.Errorf("got %s", body)
	}
}
