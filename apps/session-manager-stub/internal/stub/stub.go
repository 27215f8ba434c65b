package stub

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// DefaultDelay of the scenario slow is longer than the hub waits for an answer (30 s).
const DefaultDelay = 35 * time.Second

// Stub is the service, safe for concurrent use.
type Stub struct {
	now func() time.Time

	mu sync.Mutex
	// global is for whatever has no scenario of its own.
	global    play
	instances map[string]play
	requests  []Request
}

// play is a scenario that was chosen.
type play struct {
	Scenario
	delay time.Duration
}

// Request is one that the stub has got, outside /stub.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	// ClienteID is the header X-Cliente-Id.
	ClienteID string `json:"cliente_id"`
}

// maxRequests is how many of the latest ones are kept.
const maxRequests = 1000

// New returns a stub that begins with the scenario called name, by the clock now.
func New(name string, now func() time.Time) (*Stub, error) {
	scenario, ok := find(name)
	if !ok {
		return nil, unknown(name)
	}
	return &Stub{now: now, global: play{scenario, DefaultDelay}, instances: map[string]play{}}, nil
}

func unknown(name string) error {
	var names []string
	for _, s := range Scenarios() {
		names = append(names, s.Name)
	}
	return fmt.Errorf("no scenario %q: want one of %s", name, strings.Join(names, ", "))
}

// Handler returns the stub's routes: those of a Session Manager, and below /stub those
// that choose what these answer.
func (s *Stub) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.played(s.health))
	mux.HandleFunc("GET /status", s.played(s.status))
	mux.HandleFunc("GET /qr", s.played(s.qr))
	mux.HandleFunc("POST /send", s.played(s.send))
	mux.HandleFunc("GET /api/session-manager/sessions/{instance}", s.played(s.session))
	mux.HandleFunc("POST /api/session-manager/sessions/{instance}/qr", s.played(s.requestQR))
	mux.HandleFunc("/", s.played(notFound))

	mux.HandleFunc("GET /stub/scenarios", s.list)
	mux.HandleFunc("PUT /stub/scenario", s.choose)
	mux.HandleFunc("GET /stub/requests", s.listRequests)
	mux.HandleFunc("DELETE /stub/requests", s.forgetRequests)
	return mux
}

// played notes the request and lets handler answer it by the scenario it is in.
func (s *Stub) played(handler func(http.ResponseWriter, *http.Request, play)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := s.take(r)
		if p.before == nil || !p.before(s, w, r) {
			handler(w, r, p)
		}
	}
}

// take notes a request and returns the scenario for it: that of the session in its
// path, or of its customer's.
func (s *Stub) take(r *http.Request) play {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.Header.Get("X-Cliente-Id")})
	if extra := len(s.requests) - maxRequests; extra > 0 {
		s.requests = append([]Request(nil), s.requests[extra:]...)
	}
	return s.playOf(r)
}

func (s *Stub) playOf(r *http.Request) play {
	instance := r.PathValue("instance")
	if instance == "" {
		instance = "sender_" + r.Header.Get("X-Cliente-Id")
	}
	if p, ok := s.instances[instance]; ok {
		return p
	}
	return s.global
}
