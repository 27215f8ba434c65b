package stub

import (
	"encoding/json"
	"net/http"
	"time"
)

// What the Session Manager really serves, one process for a customer.

type failure struct {
	Error   bool   `json:"error"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type healthBody struct {
	Status        string `json:"status"`
	Service       string `json:"service"`
	ClienteID     int    `json:"cliente_id"`
	WhatsAppState string `json:"whatsapp_state"`
}

type unhealthyBody struct {
	Status  string `json:"status"`
	Service string `json:"service"`
	Error   string `json:"error"`
}

// clienteID is the customer whom the stub's process would be for.
const clienteID = 51

func (s *Stub) health(w http.ResponseWriter, _ *http.Request, p play) {
	if p.healthCode != 0 {
		write(w, p.healthCode, unhealthyBody{"error", "session-manager", "the stub plays a failure"})
		return
	}
	write(w, http.StatusOK, healthBody{"ok", "session-manager", clienteID, p.state})
}

type statusBody struct {
	ClienteID         int    `json:"cliente_id"`
	Connected         bool   `json:"connected"`
	State             string `json:"state"`
	Attempts          int    `json:"reconnection_attempts"`
	MaxAttempts       int    `json:"max_reconnection_attempts"`
	CanSend           bool   `json:"can_send_messages"`
	NeedsQR           bool   `json:"needs_qr"`
	Recoverable       bool   `json:"is_recoverable"`
	RecommendedAction string `json:"recommended_action"`
}

func (s *Stub) status(w http.ResponseWriter, _ *http.Request, p play) {
	body := statusBody{ClienteID: clienteID, State: p.state, MaxAttempts: 3}
	switch p.state {
	case "INITIALIZING":
		body.Recoverable, body.RecommendedAction = true, "Initializing for first time - wait"
	case "RECONNECTING":
		body.Recoverable, body.RecommendedAction = true, "Recovering existing session - wait"
	case "READY":
		body.Connected, body.CanSend = true, true
		body.RecommendedAction = "Session operational - can send messages"
	case "QR_REQUIRED":
		body.NeedsQR, body.RecommendedAction = true, "Scan QR code to authenticate"
	case "DISCONNECTED_LOGOUT":
		body.NeedsQR, body.RecommendedAction = true, "User logged out - restart and scan QR"
	default:
		body.RecommendedAction = "Technical error - check logs"
	}
	write(w, http.StatusOK, body)
}

type ownQRBody struct {
	State     string `json:"state"`
	ExpiresIn int    `json:"expires_in"`
	QR        string `json:"qr"`
}

type noQRBody struct {
	Error   string `json:"error"`
	State   string `json:"state"`
	CanSend bool   `json:"can_send_messages"`
}

func (s *Stub) qr(w http.ResponseWriter, _ *http.Request, p play) {
	if p.state != "QR_REQUIRED" {
		write(w, http.StatusConflict, noQRBody{"QR not available", p.state, p.state == "READY"})
		return
	}
	write(w, http.StatusOK, ownQRBody{p.state, int(qrLife.Seconds()), picture()})
}

type sentBody struct {
	OK        bool   `json:"ok"`
	MessageID string `json:"message_id"`
}

func (s *Stub) send(w http.ResponseWriter, r *http.Request, p play) {
	var message struct{ To, Message string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&message); err != nil || message.To == "" || message.Message == "" {
		p.sendCode = http.StatusBadRequest
	}
	switch p.sendCode {
	case 0:
		write(w, http.StatusOK, sentBody{true, "stub-message"})
	case http.StatusBadRequest:
		write(w, p.sendCode, failure{true, "INVALID_REQUEST", "to and message are required"})
	case http.StatusConflict:
		write(w, p.sendCode, failure{true, "SESSION_NOT_READY", "the session can't send"})
	default:
		write(w, p.sendCode, failure{true, "SEND_FAILED", "the stub plays a failure"})
	}
}

func notFound(w http.ResponseWriter, _ *http.Request, _ play) {
	write(w, http.StatusNotFound, failure{true, "NOT_FOUND", "Endpoint not found"})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// A client that has left needs no answer.
	_ = json.NewEncoder(w).Encode(body)
}

func timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
