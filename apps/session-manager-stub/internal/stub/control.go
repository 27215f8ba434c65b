package stub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// choice is the body of PUT /stub/scenario.
type choice struct {
	// Instance is the session, such as sender_51, that the scenario is for; empty: all
	// that have none of their own, and the service itself.
	Instance string `json:"instance"`
	// Scenario is its name; empty takes an instance's own away.
	Scenario string `json:"scenario"`
	// Delay is that of the scenario slow, in milliseconds; without it DefaultDelay.
	Delay *int64 `json:"delay_ms"`
}

// maxDelay keeps a mistaken delay from holding connections for days.
const maxDelay = time.Hour

func (s *Stub) choose(w http.ResponseWriter, r *http.Request) {
	var wanted choice
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&wanted)
	if err == nil {
		err = s.set(wanted)
	}
	if err != nil {
		write(w, http.StatusBadRequest, failure{true, "INVALID_REQUEST", err.Error()})
		return
	}
	s.list(w, r)
}

func (s *Stub) set(wanted choice) error {
	if wanted.Scenario == "" && wanted.Instance != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.instances, wanted.Instance)
		return nil
	}
	scenario, ok := find(wanted.Scenario)
	if !ok {
		return unknown(wanted.Scenario)
	}
	delay := DefaultDelay
	if wanted.Delay != nil {
		if *wanted.Delay < 0 || *wanted.Delay > maxDelay.Milliseconds() {
			return fmt.Errorf("delay_ms %d: want 0 to %d", *wanted.Delay, maxDelay.Milliseconds())
		}
		delay = time.Duration(*wanted.Delay) * time.Millisecond
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if wanted.Instance == "" {
		s.global = play{scenario, delay}
	} else {
		s.instances[wanted.Instance] = play{scenario, delay}
	}
	return nil
}

// chosen is the body of GET /stub/scenarios.
type chosen struct {
	Scenario  string            `json:"scenario"`
	Instances map[string]string `json:"instances"`
	Scenarios []Scenario        `json:"scenarios"`
}

func (s *Stub) list(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	body := chosen{s.global.Name, map[string]string{}, Scenarios()}
	for instance, p := range s.instances {
		body.Instances[instance] = p.Name
	}
	s.mu.Unlock()
	write(w, http.StatusOK, body)
}

func (s *Stub) listRequests(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	requests := append([]Request{}, s.requests...)
	s.mu.Unlock()
	write(w, http.StatusOK, requests)
}

func (s *Stub) forgetRequests(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.requests = nil
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
